"""Processes that run engines on this store: which registered, and which of them are alive."""

import socket
from datetime import UTC, datetime
from typing import Any

import psutil

from cts_tui.model.trading import SILENT_MS
from cts_tui.model.views import EngineProgramView
from cts_tui.store import engines
from cts_tui.store.column_types import to_ms
from cts_tui.store.database import Transaction
from cts_tui.store.engine_figures import brakes_of, load_of


def program_views(transaction: Transaction, now_ms: int) -> list[EngineProgramView]:
    """Return the processes that registered and have not ended in order, oldest first."""
    return [_view(row, now_ms) for row in engines.programs(transaction)]


def _view(row: Any, now_ms: int) -> EngineProgramView:
    heartbeat_ms = to_ms(row["heartbeat_at"])
    is_gone = row["host"] == socket.gethostname() and not is_process_alive(
        row["pid"], row["pid_started_at"]
    )
    rss_mb, cpu_pct = load_of(row["figures"])
    return EngineProgramView(
        owner=row["owner"],
        pid=row["pid"],
        host=row["host"],
        started_at_ms=to_ms(row["started_at"]),
        heartbeat_ms=heartbeat_ms,
        is_alive=not is_gone and now_ms - heartbeat_ms < SILENT_MS,
        rss_mb=rss_mb,
        cpu_pct=cpu_pct,
        brakes=brakes_of(row["figures"]),
    )


def is_process_alive(pid: int, started_at: datetime) -> bool:
    """Return whether the process `pid` that started at `started_at` still runs on this host."""
    try:
        created = datetime.fromtimestamp(psutil.Process(pid).create_time(), UTC)
    except psutil.Error:
        return False
    return abs((created - started_at).total_seconds()) < 1.0
