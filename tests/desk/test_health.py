"""The health report: the verdict, and its reasons in order of gravity."""

import json
from typing import Any

import pytest

from cts_tui.desk.desk import Desk
from cts_tui.errors import StoreError
from cts_tui.model.trading import EngineStatus, HealthStatus
from cts_tui.store.version import HEAD

from .conftest import NOW_MS, Hand

FIGURES: dict[str, Any] = {
    "process": {"rss_mb": 84.9, "cpu_pct": 3.0, "event_loop_lag_ms": 1.0},
    "processors": [
        {
            "name": "health",
            "cycles": 1,
            "errors": 0,
            "last_ms": 1.0,
            "median_ms": 1.0,
            "p95_ms": 1.0,
            "last_error": None,
            "last_error_ms": None,
        }
    ],
    "journal": {"is_failing": False, "dropped": 0, "last_error": None},
}


def verdict(desk: Desk) -> tuple[str, list[str]]:
    report = desk.health.report()
    return report.status.value, list(report.reasons)


@pytest.fixture
def at_work(hand: Hand) -> Hand:
    """An engine program and the engine of the demo are at work."""
    hand.program(figures=json.dumps(FIGURES))
    hand.engine()
    hand.price("100")
    return hand


def test_an_engine_at_work_is_healthy(desk: Desk, at_work: Hand) -> None:
    assert verdict(desk) == ("healthy", [])
    report = desk.health.report()
    assert report.sections["process"] == {
        "pid": 7, "rss_mb": 84.9, "cpu_pct": 3.0, "event_loop_lag_ms": 1.0,
    }  # fmt: skip
    assert [view.name for view in report.processors] == ["health"]


def test_an_enabled_connection_without_an_engine_is_unhealthy(desk: Desk) -> None:
    assert verdict(desk) == (
        "unhealthy", ["no engine runs, 1 connection is enabled; start one with: cts-tui run"],
    )  # fmt: skip
    desk.connections.enable("bybit")
    assert verdict(desk)[1][0].startswith("no engine runs, 2 connections are enabled")


def test_a_desk_that_is_switched_off_is_healthy(desk: Desk) -> None:
    desk.connections.disable("demo")
    assert verdict(desk) == ("healthy", [])


def test_a_failed_or_silent_engine_is_unhealthy(desk: Desk, at_work: Hand) -> None:
    at_work.engine(EngineStatus.FAILED, age_ms=60_000, last_error="no route to host")
    assert verdict(desk) == ("unhealthy", ["the engine of demo failed: no route to host"])
    at_work.engine(age_ms=6_001)
    assert verdict(desk) == ("unhealthy", ["the engine of demo gives no sign of life"])


def test_an_engine_that_starts_is_healthy_whatever_its_prices(desk: Desk, at_work: Hand) -> None:
    at_work.price("100", age_ms=3_600_000)
    at_work.engine(EngineStatus.STARTING)
    assert verdict(desk) == ("healthy", [])


def test_an_engine_of_a_program_that_was_just_started_has_time_to_speak(
    desk: Desk, hand: Hand
) -> None:
    hand.engine(EngineStatus.STOPPED, age_ms=86_400_000)
    hand.program(uptime_ms=500)
    assert verdict(desk) == ("healthy", [])


def test_positions_that_nobody_watches_are_told(desk: Desk, at_work: Hand) -> None:
    at_work.position("a")
    desk.connections.disable("demo")
    status, [reason] = verdict(desk)
    assert status == "degraded"
    assert reason.startswith("demo is disabled and holds 1 open position that nobody watches")


def test_a_degraded_engine_and_synthetic_prices_are_told(desk: Desk, at_work: Hand) -> None:
    at_work.engine(EngineStatus.DEGRADED, feed_source="synthetic", last_error="feed lost")
    assert verdict(desk) == (
        "degraded", ["demo is degraded: feed lost", "demo walks on synthetic prices"],
    )  # fmt: skip


def test_stale_prices_are_told_those_of_symbols_no_longer_traded_are_not(
    desk: Desk, at_work: Hand
) -> None:
    at_work.engine(figures={"symbols": ["BTC/USDT", "ETH/USDT", "SOL/USDT"]})
    at_work.price("100", age_ms=31_000)
    at_work.price("100", symbol="ETH/USDT", is_stale=True)
    at_work.price("100", symbol="SOL/USDT")
    at_work.price("100", symbol="OLD/USDT", age_ms=86_400_000)
    assert verdict(desk) == (
        "degraded", ["2 of 3 prices of demo are stale: BTC/USDT, ETH/USDT"],
    )  # fmt: skip
    assert "OLD/USDT" not in [feed.symbol for feed in desk.health.report().feeds]


def test_the_last_error_of_a_processor_is_told_for_five_minutes(desk: Desk, at_work: Hand) -> None:
    processor = FIGURES["processors"][0] | {"name": "strategy", "errors": 1, "last_error": "no SMA"}
    at_work.engine(processors=[processor | {"last_error_ms": NOW_MS - 299_999}])
    assert verdict(desk) == ("degraded", ["demo strategy: no SMA"])
    at_work.engine(processors=[processor | {"last_error_ms": NOW_MS - 300_000}])
    assert verdict(desk) == ("healthy", [])


@pytest.mark.parametrize(
    ("journal", "status", "reason"),
    [
        (
            {"is_failing": True, "last_error": "disk full"},
            "unhealthy",
            "the writer cannot write: disk full",
        ),
        ({"dropped": 3, "last_error": "no"}, "degraded", "the writer has lost 3 batches: no"),
    ],
)
def test_a_writer_in_trouble_is_told(
    desk: Desk, hand: Hand, journal: dict[str, Any], status: str, reason: str
) -> None:
    hand.program(figures=json.dumps(FIGURES | {"journal": FIGURES["journal"] | journal}))
    hand.engine()
    hand.price("100")
    assert verdict(desk) == (status, [reason])


def test_a_log_that_cannot_be_written_is_told_and_grave_to_nobody(desk: Desk, hand: Hand) -> None:
    log = {"lost": 7, "is_failing": True, "last_error": "OSError: no space"}
    hand.program(figures=json.dumps(FIGURES | {"log": log}))
    hand.engine()
    hand.price("100")
    assert verdict(desk) == ("degraded", ["the log cannot be written: OSError: no space"])


def test_a_program_that_was_killed_leaves_no_figures(desk: Desk, hand: Hand) -> None:
    hand.program(age_ms=60_000, figures=json.dumps(FIGURES))
    report = desk.health.report()
    assert report.sections["process"]["pid"] != 7
    assert report.sections["database"]["journal"] == {}
    assert report.processors == ()


def test_what_is_grave_stands_before_what_is_minor(desk: Desk, at_work: Hand) -> None:
    at_work.execute("UPDATE connections SET live = 1 WHERE name = 'bybit'")
    at_work.engine(EngineStatus.DEGRADED, last_error="x")
    at_work.price("100", is_stale=True)
    assert verdict(desk) == (
        "unhealthy",
        [
            "1 connection is live though disabled (bybit); see: cts-tui repair --dry-run",
            "demo is degraded: x",
            "1 of 1 prices of demo are stale: BTC/USDT",
        ],
    )


def test_a_schema_that_is_not_ours_is_unhealthy(desk: Desk, at_work: Hand) -> None:
    at_work.execute("UPDATE alembic_version SET version_num = '0000'")
    assert verdict(desk) == ("unhealthy", [f"the schema is 0000, expected {HEAD}"])


def test_a_store_that_cannot_be_read_is_a_report_as_well(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise StoreError("the database is damaged")

    monkeypatch.setattr("cts_tui.engine.health.readings.connection_views", fail)
    report = desk.health.report()
    assert (report.status, report.reasons) == (
        HealthStatus.UNHEALTHY, ("the database is damaged",),
    )  # fmt: skip
    assert report.sections["database"] == {"reachable": False, "error": "the database is damaged"}


def test_the_report_is_plain_json_with_every_section(desk: Desk, at_work: Hand) -> None:
    at_work.position("a")
    at_work.price("100.50")
    sections = json.loads(json.dumps(desk.health.report().sections))
    assert list(sections) == [
        "database", "connections", "engines", "processors", "feeds", "indications", "strategies",
        "signals", "positions", "integrity", "api", "process",
    ]  # fmt: skip
    assert sections["feeds"][0]["price"] == "100.5"
    assert sections["positions"]["open_pnl"] == "0.8"
    assert (sections["strategies"]["total"], sections["strategies"]["active"]) == (11, 3)


def test_a_strategy_that_cannot_run_is_a_warning(desk: Desk, at_work: Hand) -> None:
    at_work.engine(figures={"faults": ["sma-cross: no candles"]})
    integrity = desk.health.report().sections["integrity"]
    told = {"critical": [], "warnings": ["demo: sma-cross: no candles"]}
    assert integrity == told | {"checked_at": integrity["checked_at"]}


def test_gates_are_told_by_strategy(desk: Desk, at_work: Hand) -> None:
    gate = {"strategy": "sma-cross", "symbol": "BTC/USDT", "state": "open"}
    at_work.engine(figures={"gates": [gate, gate | {"strategy": "other"}]})
    assert desk.health.gates("sma-cross") == [{"connection": "demo", **gate}]
