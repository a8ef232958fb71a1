"""Replaying recorded candles for a face: files and strategies in, one JSON-ready document out."""

import asyncio
import contextlib
import os
import socket
from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import Any

from cts_tui.backtest.report import document
from cts_tui.clock import SystemClock, utc_from_ms
from cts_tui.desk.desk import Desk
from cts_tui.engine.replay import Replay, connection_name
from cts_tui.errors import ConfigError
from cts_tui.market.recorded import Recorded, read_recorded
from cts_tui.model.strategy import StrategySpec
from cts_tui.settings import load_settings
from cts_tui.store import connections, leases, strategies


def read_files(
    paths: Sequence[str], symbol: str | None = None, timeframe: str | None = None
) -> list[Recorded]:
    """Read every file. Raises ConfigError for the first that cannot be used, or is given twice."""
    files = [read_recorded(path, symbol, timeframe) for path in paths]
    names = [connection_name(file) for file in files]
    for name in names:
        if names.count(name) > 1:
            raise ConfigError(
                f"two files hold the series {name.removeprefix('replay-')}; give one of them"
            )
    return files


def chosen_strategies(desk: Desk, names: Sequence[str]) -> list[StrategySpec]:
    """Return the stored strategies called `names`, all enabled ones when none is named.

    Raises ConfigError for an unknown name, or when there is nothing to run.
    """
    for name in names:
        desk.strategies.get(name)
    with desk.database.read() as transaction:
        specs = strategies.specs(transaction, only_enabled=not names)
    chosen = [spec for spec in specs if not names or spec.name in names]
    if not chosen:
        raise ConfigError("no strategy is enabled; see: strategies list, strategies enable NAME")
    return chosen


def replay(
    desk: Desk,
    files: Sequence[Recorded],
    specs: Sequence[StrategySpec],
    *,
    is_gated: bool,
    fee_pct: Decimal,
    slippage_pct: Decimal,
    balance: Decimal,
    on_file: Callable[[Recorded], None],
) -> dict[str, Any]:
    """Replay `files` one after the other; return the document of design.md §6."""
    settings = load_settings().model_copy(
        update={
            "paper_fee_pct": fee_pct,
            "paper_slippage_pct": slippage_pct,
            "paper_balance": balance,
        }
    )
    owner = f"replay-{socket.gethostname()}-{os.getpid()}"
    run = Replay(desk.database, settings, owner, is_gated=is_gated)
    results: list[dict[str, Any]] = []
    try:
        with contextlib.closing(run):
            for file in files:
                on_file(file)
                results += asyncio.run(run.run(file, specs))
    except BaseException:
        _forget_half(desk, files, owner)
        raise
    return document(
        rows=sum(file.quality.rows for file in files),
        dropped=sum(file.quality.dropped for file in files),
        repaired=sum(file.quality.repaired for file in files),
        gaps=sum(file.quality.gaps for file in files),
        results=results,
        pipeline=run.figures.document(),
    )


def _forget_half(desk: Desk, files: Sequence[Recorded], owner: str) -> None:
    """Empty the series at which a replay broke off: half of one would pass for the whole."""
    now = utc_from_ms(SystemClock().now_ms())
    with desk.database.write() as transaction:
        for file in files:
            setup = connections.find(transaction, connection_name(file))
            if setup and leases.owner_of(transaction, setup.id, now) == owner:
                connections.clear(transaction, setup.id)
                leases.release(transaction, owner, setup.id)
