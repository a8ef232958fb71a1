"""Every rule finds what it is for, and nothing at a desk where all is well."""

import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

import cts_tui
from cts_tui.engine.health.engine_readings import EngineReading
from cts_tui.engine.health.integrity import Flaw, Integrity
from cts_tui.engine.health.rules import RULES, judge
from cts_tui.model.alerts import TargetView
from cts_tui.model.health import Gravity
from cts_tui.model.trading import EngineStatus, Mode
from cts_tui.store.troubles import Halt, Unprotected

from .readings import (
    CONNECTION,
    DATABASE,
    FEED,
    HOUR_MS,
    NOW_MS,
    PROGRAM,
    at_work,
    of_connection,
    of_engine,
    processor,
)

GUIDE = Path(cts_tui.__file__).parent.parent / "docs" / "guide.md"
STALE = replace(FEED, is_stale=True, age_ms=31_000)
SESSION = {"breaker": {"state": "closed"}, "limiter": {"throttled_s": 0.0}}


def found(**changes: Any) -> list[tuple[str, str]]:
    return [(fault.rule, fault.subject) for fault in judge(at_work(**changes))]


CASES: dict[str, tuple[dict[str, Any], str]] = {
    "schema-unexpected": ({"database": DATABASE | {"schema": "0003"}}, "database"),
    "integrity-critical": (
        {"integrity": Integrity(NOW_MS, (Flaw("fills/orphan", Gravity.CRITICAL, "x"),))},
        "fills/orphan",
    ),
    "integrity-warning": (
        {"integrity": Integrity(NOW_MS, (Flaw("candles/nan", Gravity.WARNING, "x"),))},
        "candles/nan",
    ),
    "writer-failing": ({"told": [{"journal": {"is_failing": True, "last_error": "x"}}]}, "writer"),
    "writer-thinned": ({"told": [{"journal": {"shed_rows": 7}}]}, "writer"),
    "writer-lost": ({"told": [{"journal": {"dropped": 3, "last_error": "x"}}]}, "writer"),
    "log-failing": ({"told": [{"log": {"is_failing": True, "last_error": "x"}}]}, "log"),
    "backup-failed": (
        {"database": DATABASE | {"last_backup": {"error": "the disk is full"}}},
        "backup",
    ),
    "disk-full": ({"database": DATABASE | {"disk_free_bytes": 99_999_999}}, "disk"),
    "disk-low": ({"database": DATABASE | {"disk_free_bytes": 499_999_999}}, "disk"),
    "backup-overdue": (
        {"database": DATABASE | {"last_backup": {"made_ms": NOW_MS - 48 * HOUR_MS - 1}}},
        "backup",
    ),
    "alert-target-failing": (
        {"targets": [TargetView("phone", "ntfys", NOW_MS, None, NOW_MS, 3, "timed out")]},
        "phone",
    ),
    "log-large": ({"database": DATABASE | {"wal_bytes": 1_000_000_001}}, "database"),
    "no-engine": ({"programs": []}, "engine"),
    "engine-failed": (
        {"connections": of_connection(status=EngineStatus.FAILED, last_error="x")},
        "demo",
    ),
    "engine-silent": (
        {"connections": of_connection(status=EngineStatus.STOPPED, heartbeat_ms=NOW_MS - 6_001)},
        "demo",
    ),
    "engine-restarting": ({"failures": {"demo": 3}}, "demo"),
    "engine-degraded": ({"connections": of_connection(status=EngineStatus.DEGRADED)}, "demo"),
    "feed-synthetic": ({"connections": of_connection(feed_source="synthetic")}, "demo"),
    "feed-stale": ({"feeds": [STALE, replace(FEED, symbol="ETH/USDT")]}, "demo"),
    "exchange-paused": ({"engines": of_engine(session={"breaker": {"state": "open"}})}, "demo"),
    "clock-off": ({"engines": of_engine(session=SESSION | {"clock_offset_ms": -1_001})}, "demo"),
    "processor-error": ({"engines": of_engine(processors=[processor()])}, "demo/strategy"),
    "processor-error-rate": (
        {"engines": of_engine(processors=[processor(failed_of_last=[6, 512])])},
        "demo/strategy",
    ),
    "loop-late": (
        {"told": [{"process": {"event_loop_lag_ms": 2_001, "uptime_s": 61}}]},
        "engine",
    ),
    "position-unprotected": (
        {"unprotected": [Unprotected("demo", "BTC/USDT", NOW_MS - 5_000)]},
        "demo/BTC/USDT",
    ),
    "position-unwatched": (
        {"connections": of_connection(enabled=False, open_positions=2)},
        "demo",
    ),
    "order-unknown": ({"unknown_orders": {"demo": 1}}, "demo"),
    "account-unreachable": (
        {
            "connections": of_connection(live=True, mode=Mode.LIVE),
            "engines": of_engine(account={"is_reachable": False, "error": "no route"}),
        },
        "demo",
    ),
    "loss-limit-hit": ({"halts": [Halt("demo", True, "daily loss 510 of 500")]}, "demo"),
    "loss-limit-near": (
        {"engines": of_engine(losses={"used_pct": 80.0, "said": "lost 400 of 500 today"})},
        "demo",
    ),
}


def test_every_rule_has_a_case() -> None:
    assert CASES.keys() == {rule.name for rule in RULES}


def test_a_desk_at_work_has_nothing_wrong() -> None:
    assert judge(at_work()) == ()


@pytest.mark.parametrize("rule", CASES)
def test_a_rule_finds_what_it_is_for_and_no_other_does(rule: str) -> None:
    changes, subject = CASES[rule]
    assert found(**changes) == [(rule, subject)]


def test_the_guide_lists_every_rule_with_its_gravity_in_order() -> None:
    (table,) = re.findall(
        r"\| rule \| gravity \| when \|\n(.*?)\n\n", GUIDE.read_text("utf-8"), re.S
    )
    rows = re.findall(r"^\| `([a-z-]+)` \| (critical|warning) \|", table, re.M)
    assert rows == [
        ("store-unreadable", "critical"),
        *((rule.name, str(rule.gravity)) for rule in RULES),
    ]


def test_critical_faults_stand_first_those_that_programs_tell_of_themselves_too() -> None:
    told = [
        {"rule": "loop-blocked", "subject": "engine", "gravity": "critical", "message": "stuck"},
        {"rule": "brake", "subject": "engine", "gravity": "warning", "message": "no room"},
    ]
    assert found(told=[{"faults": told}], unknown_orders={"demo": 1}) == [
        ("loop-blocked", "engine"),
        ("order-unknown", "demo"),
        ("brake", "engine"),
    ]


# what is no fault


def test_an_engine_that_starts_is_no_fault_whatever_it_lacks() -> None:
    starting = of_connection(status=EngineStatus.STARTING)
    assert found(connections=starting, feeds=[STALE]) == []
    silent = of_connection(status=EngineStatus.STOPPED, heartbeat_ms=None)
    young = replace(PROGRAM, started_at_ms=NOW_MS - 6_000)
    assert found(connections=silent, programs=[young], feeds=[STALE]) == []


def test_a_disabled_connection_is_no_fault() -> None:
    assert found(connections=of_connection(enabled=False), programs=[], engines={}, feeds=[]) == []


@pytest.mark.parametrize("state", ["quiet", "halted"])
def test_an_old_price_of_what_is_not_traded_is_no_fault(state: str) -> None:
    assert found(feeds=[replace(STALE, state=state)]) == []


def test_an_exchange_whose_calls_go_out_and_a_clock_within_bounds_are_no_faults() -> None:
    assert found(engines=of_engine(session=SESSION | {"clock_offset_ms": 1_000})) == []


def test_errors_are_no_fault_after_five_minutes_however_many_there_were() -> None:
    old = processor(failed_of_last=[500, 512], last_error_ms=NOW_MS - 300_000)
    assert found(engines=of_engine(processors=[old])) == []


def test_an_error_among_few_cycles_is_no_error_rate() -> None:
    few = processor(failed_of_last=[1, 3])
    assert found(engines=of_engine(processors=[few])) == [("processor-error", "demo/strategy")]


def test_a_program_that_was_just_started_may_be_late() -> None:
    assert found(told=[{"process": {"event_loop_lag_ms": 9_000, "uptime_s": 60}}]) == []


def test_a_position_may_be_without_a_stop_for_as_long_as_the_settings_say() -> None:
    bare = [Unprotected("demo", "BTC/USDT", NOW_MS - 29_999)]
    assert found(unprotected=bare, told=[{"bounds": {"unprotected_ms": 30_000}}]) == []


def test_an_account_has_a_minute_to_be_compared() -> None:
    live = of_connection(live=True, mode=Mode.LIVE)
    figures = {"account": {"is_reachable": True}, "reconcile": {"is_reconciled": False}}
    fresh = {"demo": EngineReading(NOW_MS - 59_999, figures)}
    assert found(connections=live, engines=fresh) == []
    settled = {"demo": EngineReading(NOW_MS - HOUR_MS, figures)}
    assert found(connections=live, engines=settled) == [("account-unreachable", "demo")]


def test_a_loss_limit_that_is_hit_is_not_near_as_well() -> None:
    halts = [Halt("demo", False, "drawdown 10 %")]
    engines = of_engine(losses={"used_pct": 100.0, "said": "drawdown"})
    assert found(halts=halts, engines=engines) == [("loss-limit-hit", "demo")]


def test_figures_of_another_version_are_no_fault() -> None:
    strange = of_engine(session="?", processors=["?", 7], losses=[], account=None, gates=3)
    assert found(engines=strange, told=[{"journal": None, "process": "?", "faults": 3}]) == []
    assert CONNECTION.enabled


RISEN: dict[str, tuple[str, dict[str, Any], dict[str, Any]]] = {
    "disk-low": (
        "disk",
        {"database": DATABASE | {"disk_free_bytes": 620_000_000}},
        {"database": DATABASE | {"disk_free_bytes": 630_000_000}},
    ),
    "clock-off": (
        "demo",
        {"engines": of_engine(session=SESSION | {"clock_offset_ms": 801})},
        {"engines": of_engine(session=SESSION | {"clock_offset_ms": 800})},
    ),
    "processor-error-rate": (
        "demo/strategy",
        {"engines": of_engine(processors=[processor(failed_of_last=[9, 1000])])},
        {"engines": of_engine(processors=[processor(failed_of_last=[8, 1000])])},
    ),
    "loop-late": (
        "engine",
        {"told": [{"process": {"event_loop_lag_ms": 1_601, "uptime_s": 61}}]},
        {"told": [{"process": {"event_loop_lag_ms": 1_600, "uptime_s": 61}}]},
    ),
    "loss-limit-near": (
        "demo",
        {"engines": of_engine(losses={"used_pct": 64.1, "said": "x"})},
        {"engines": of_engine(losses={"used_pct": 64.0, "said": "x"})},
    ),
    "log-large": (
        "database",
        {"database": DATABASE | {"wal_bytes": 800_000_001}},
        {"database": DATABASE | {"wal_bytes": 800_000_000}},
    ),
}
"""Subject, a figure between the eased bound and the bound, and one that has eased."""


@pytest.mark.parametrize("rule", RISEN)
def test_a_figure_about_its_bound_is_over_only_a_fifth_away_once_its_alert_stands(
    rule: str,
) -> None:
    subject, between, eased = RISEN[rule]
    standing = frozenset({(rule, subject)})
    assert (rule, subject) not in found(**between)
    assert (rule, subject) in found(**between, standing=standing)
    assert (rule, subject) not in found(**eased, standing=standing)


def test_the_bounds_are_those_of_the_engines_settings() -> None:
    told = [{"bounds": {"disk_low_mb": 60_000, "clock_off_ms": 200, "backup_every_h": 0}}]
    late = of_engine(session=SESSION | {"clock_offset_ms": 201})
    assert set(found(told=told, engines=late)) == {("disk-low", "disk"), ("clock-off", "demo")}
    few = DATABASE | {"disk_free_pct": 1.9}
    assert found(database=few) == [("disk-low", "disk")]
    assert found(database=few, told=[{"bounds": {"disk_low_pct": 0}}]) == []


def test_a_backup_is_overdue_only_where_one_is_due() -> None:
    old = DATABASE | {"last_backup": {"made_ms": NOW_MS - 100 * HOUR_MS}}
    assert found(database=old) == [("backup-overdue", "backup")]
    assert found(database=old, told=[{"bounds": {"backup_every_h": 0}}]) == []
    assert found(programs=[replace(PROGRAM, started_at_ms=NOW_MS - 49 * HOUR_MS)]) == [
        ("backup-overdue", "backup")
    ]
