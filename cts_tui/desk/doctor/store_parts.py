"""The parts of the report that come from the store: health without a name or an amount in it."""

from collections.abc import Mapping
from contextlib import closing
from pathlib import Path
from typing import Any, Final

from cts_tui.clock import Clock
from cts_tui.desk.doctor.stand_ins import StandIns
from cts_tui.engine.health.assessment import assess
from cts_tui.errors import ConfigError
from cts_tui.model.views import HealthReport
from cts_tui.store.database import Database
from cts_tui.store.identifying import read_only, schema_of_file

_WAIT_MS: Final = 1_500
_PROGRAM: Final = "engine"
"""What the processors of a whole program stand under, in place of a connection."""
_STEPS: Final = 20_000_000
"""Steps of SQLite after which the look at sizes ends: a few seconds."""
_PROSE: Final = frozenset({"last_error", "note", "message", "subject", "error", "result"})
_PROCESSOR: Final = (
    "connection", "name", "cycles", "last_ms", "median_ms", "p95_ms", "errors", "error_rate_pct",
    "last_error", "last_error_at",
)  # fmt: skip
_FEED: Final = ("connection", "symbol", "source", "state", "age_ms", "candle_age_ms", "stale",
                "reconnects", "stalls", "refused", "note")  # fmt: skip
_ENGINE: Final = ("connection", "status", "started_at", "heartbeat_at", "restarts", "feed_source",
                  "last_error")  # fmt: skip
_API: Final = ("connection", "exchange", "mode", "live", "clock_offset_ms", "headroom_pct",
               "breaker", "calls", "errors", "reachable", "reconciled", "unknown_orders",
               "orders_acknowledged", "acknowledge_p50_ms", "acknowledge_p99_ms")  # fmt: skip
_DATABASE: Final = ("schema", "schema_expected", "size_bytes", "wal_bytes", "disk_free_bytes",
                    "disk_free_pct", "read_ms", "tables", "counted_at", "estimated")  # fmt: skip


def require_store(file: Path | None) -> Path:
    """Return the file of the store. Raises ConfigError where there is none."""
    if file is None:
        raise ConfigError("the store of CTS_DATABASE_URL is no SQLite file: it is not looked at")
    if not file.exists():
        raise ConfigError("there is no database")
    return file


def sizes(file: Path | None) -> dict[str, Any]:
    """Return the schema, and the bytes of each table and index. Raises sqlite3.Error."""
    file = require_store(file)
    bytes_of: dict[str, Any] = {"schema": schema_of_file(file)}
    with read_only(file) as connection:
        connection.set_progress_handler(lambda: True, _STEPS)
        query = "SELECT name, sum(pgsize) FROM dbstat GROUP BY name ORDER BY 2 DESC"
        bytes_of |= {str(name): size for name, size in connection.execute(query)}
    return bytes_of


def health(file: Path | None, clock: Clock, names: StandIns) -> dict[str, Any]:
    """Return the verdict with its faults, and every figure that is nobody's."""
    with closing(Database.at(require_store(file), wait_ms=_WAIT_MS)) as database:
        report = assess(database, clock.now_ms())
    return _told(report, names)


def _told(report: HealthReport, names: StandIns) -> dict[str, Any]:
    sections: Mapping[str, Any] = report.sections
    told: dict[str, Any] = {
        "status": str(report.status),
        "faults": [
            {"rule": one.rule, "gravity": str(one.gravity), "subject": names.prose(one.subject),
             "message": names.prose(one.message)}
            for one in report.faults
        ],
    }  # fmt: skip
    if sections["connections"] is None:
        return told
    return told | {
        "database": _chosen(sections["database"], _DATABASE, names),
        "writer": _figures(sections["database"]["journal"], names),
        "integrity": _integrity(sections["integrity"]),
        "connections": dict(sections["connections"]),
        "engines": [_chosen(row, _ENGINE, names) for row in sections["engines"]["engines"]],
        "processors": [_chosen(row, _PROCESSOR, names) for row in sections["processors"]],
        "feeds": [_chosen(row, _FEED, names) for row in sections["feeds"]],
        "api": [_chosen(row, _API, names) for row in sections["api"]],
        "process": _figures(sections["process"], names),
    }


def _integrity(section: Mapping[str, Any]) -> dict[str, Any]:
    """Return how many rows are wrong; what is wrong with them stands among the faults."""
    counts = {key: len(value) for key, value in section.items() if isinstance(value, list)}
    return counts | {"checked_at": section.get("checked_at")}


def _chosen(row: Mapping[str, Any], keys: tuple[str, ...], names: StandIns) -> dict[str, Any]:
    return {key: _safe(key, row.get(key), names) for key in keys}


def _figures(row: Mapping[str, Any], names: StandIns) -> dict[str, Any]:
    """Return numbers as they are, and what was said as prose."""
    return {key: _safe(key, value, names) for key, value in row.items() if key != "pid"}


def _safe(key: str, value: Any, names: StandIns) -> Any:
    if key == "exchange":
        return value
    if key == "connection" and value and value != _PROGRAM:
        return names.word("connection", str(value))
    if isinstance(value, str):
        return names.prose(value) if key in _PROSE else names.name(value)
    return value
