"""Readings of a desk at work: one simulated connection, an engine, fresh prices, nothing wrong."""

from dataclasses import replace
from typing import Any

from cts_tui.engine.health.engine_readings import EngineReading
from cts_tui.engine.health.readings import Readings
from cts_tui.model.trading import EngineStatus, MarketType, Mode
from cts_tui.model.views import ConnectionView, EngineProgramView, FeedView

NOW_MS = 1_743_681_600_000
HOUR_MS = 3_600_000

CONNECTION = ConnectionView(
    name="demo",
    exchange="simulated",
    mode=Mode.PAPER,
    market=MarketType.SPOT,
    symbols=("BTC/USDT",),
    timeframe="1m",
    enabled=True,
    live=False,
    status=EngineStatus.RUNNING,
    last_test=None,
    last_error=None,
    heartbeat_ms=NOW_MS,
    restarts=0,
    feed_source="simulated",
    open_positions=0,
    is_predefined=True,
)
PROGRAM = EngineProgramView(
    owner="host-1",
    pid=1,
    host="host",
    started_at_ms=NOW_MS - HOUR_MS,
    heartbeat_ms=NOW_MS,
    is_alive=True,
    rss_mb=90.0,
    cpu_pct=1.0,
)
FEED = FeedView("demo", "BTC/USDT", "simulated", None, 500, is_stale=False)
DATABASE = {
    "schema": "0004",
    "schema_expected": "0004",
    "disk_free_bytes": 50_000_000_000,
    "wal_bytes": 4_000_000,
}


def at_work(**changes: Any) -> Readings:
    """Return the readings of a desk at work, with some of them changed."""
    return replace(
        Readings(
            now_ms=NOW_MS,
            database=DATABASE,
            connections=[CONNECTION],
            programs=[PROGRAM],
            engines={"demo": EngineReading(NOW_MS - HOUR_MS, {})},
            feeds=[FEED],
        ),
        **changes,
    )


def of_engine(**figures: Any) -> dict[str, EngineReading]:
    """Return the reading of the demo's engine with these figures."""
    return {"demo": EngineReading(NOW_MS - HOUR_MS, figures)}


def of_connection(**changes: Any) -> list[ConnectionView]:
    """Return the demo with some things changed."""
    return [replace(CONNECTION, **changes)]


def processor(**figures: Any) -> dict[str, Any]:
    """Return a processor of an engine as it is written, which failed a second ago."""
    return {
        "name": "strategy",
        "cycles": 5_000,
        "errors": 1,
        "failed_of_last": [1, 512],
        "last_error": "no SMA",
        "last_error_ms": NOW_MS - 1_000,
    } | figures
