"""The stages of the workflow test that look at engines: what runs, what flows, who answers."""

import json
import os
import socket
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import psutil
import pytest

from cts_tui.clock import ManualClock, utc_from_ms
from cts_tui.desk.desk import Desk
from cts_tui.desk.workflow import (
    api_stage,
    connection_stage,
    coordination_stage,
    data_flow_stage,
)
from cts_tui.desk.workflow.course import STAGES
from cts_tui.desk.workflow.subject import Finding, Subject
from cts_tui.market.simulated import DEFAULT_SYMBOLS
from cts_tui.model.connection_test import StepStatus
from cts_tui.model.market import Candle, Source
from cts_tui.model.trading import EngineStatus
from cts_tui.model.workflow_test import WorkflowStep

from .conftest import NOW_MS, Hand

MINUTE_MS = 60_000
PASS, WARN, FAIL, SKIP = StepStatus.PASS, StepStatus.WARN, StepStatus.FAIL, StepStatus.SKIP
Stage = Callable[[Subject], Finding]


class Eye:
    """Judges one stage, after the connections were judged, which it needs."""

    def __init__(self, desk: Desk, clock: ManualClock) -> None:
        self._desk = desk
        self._clock = clock

    def judge(self, stage: Stage, only: str | None = None) -> Finding:
        subject = Subject(self._desk.database, self._desk.vault, self._clock, only)
        assert connection_stage.judge(subject).status in (PASS, WARN)
        return stage(subject)


@pytest.fixture
def eye(desk: Desk, clock: ManualClock) -> Eye:
    return Eye(desk, clock)


def cycles(count: int) -> list[dict[str, Any]]:
    return [{"name": "realtime", "cycles": count}]


def run(hand: Hand, count: int = 1, **changes: Any) -> None:
    """Have a program and the engine of the demo run since an hour."""
    hand.execute("DELETE FROM engine_programs")
    hand.program()
    hand.engine(processors=cycles(count), **changes)


def flow(hand: Hand, age_ms: int = MINUTE_MS, symbols: tuple[str, ...] = DEFAULT_SYMBOLS) -> None:
    """Have a candle of each symbol, opened so long ago, with its indications."""
    batch, connection_id = hand.batch()
    time_ms = NOW_MS - age_ms
    for symbol in symbols:
        candle = Candle(time_ms, 1, 1, 1, 1, 1)
        batch.candle(connection_id, symbol, "1m", candle, Source.SIMULATED)
        batch.indication(connection_id, symbol, "1m", time_ms, {"sma(20)": 1.0}, Source.SIMULATED)
    hand.write(batch)


def test_every_stage_is_told_as_it_ends(desk: Desk) -> None:
    told: list[WorkflowStep] = []
    result = desk.workflow.run(on_step=told.append)
    assert [step.name for step in told] == list(STAGES)
    assert result.steps == tuple(told)
    assert (result.status, result.started_ms) == (PASS, NOW_MS)


# -- data flow ------------------------------------------------------------------------------------


def test_fresh_candles_and_indications_pass(eye: Eye, hand: Hand) -> None:
    run(hand)
    flow(hand)
    found = eye.judge(data_flow_stage.judge)
    assert found.status is PASS
    assert found.figures["connections"]["demo"]["last_candle"] == "2025-04-03T11:59:00Z"


def test_without_an_engine_nothing_flows_and_nothing_fails(eye: Eye, hand: Hand) -> None:
    flow(hand, age_ms=60 * MINUTE_MS)
    found = eye.judge(data_flow_stage.judge)
    assert (found.status, found.advice) == (SKIP, "start one: cts-tui run")


@pytest.mark.parametrize(("age_ms", "status"), [(3 * MINUTE_MS, PASS), (4 * MINUTE_MS, FAIL)])
def test_candles_that_stopped_fail(eye: Eye, hand: Hand, age_ms: int, status: StepStatus) -> None:
    run(hand)
    flow(hand, age_ms)
    assert eye.judge(data_flow_stage.judge).status is status


def test_a_connection_that_never_had_a_candle_fails(eye: Eye, hand: Hand) -> None:
    run(hand)
    assert eye.judge(data_flow_stage.judge).message == "demo: no candle at all"


def test_some_symbols_without_candles_are_a_warning(eye: Eye, hand: Hand) -> None:
    run(hand)
    flow(hand, symbols=DEFAULT_SYMBOLS[1:])
    found = eye.judge(data_flow_stage.judge)
    assert (found.status, found.message) == (
        WARN, f"demo: no candle lately of {DEFAULT_SYMBOLS[0]}",
    )  # fmt: skip


def test_a_market_that_nobody_trades_is_no_failure(eye: Eye, hand: Hand) -> None:
    quiet = {symbol: {"state": "quiet"} for symbol in DEFAULT_SYMBOLS}
    run(hand, figures={"feed": {"symbols": quiet}})
    assert eye.judge(data_flow_stage.judge).status is WARN


def test_indications_that_fall_behind_fail_once_the_history_is_done(eye: Eye, hand: Hand) -> None:
    run(hand)
    flow(hand)
    hand.execute("DELETE FROM indications")
    assert eye.judge(data_flow_stage.judge).status is FAIL
    young = utc_from_ms(NOW_MS - 10_000).isoformat()
    hand.execute("UPDATE engine_states SET started_at = ?", young)
    found = eye.judge(data_flow_stage.judge)
    assert (found.status, found.advice) == (WARN, "test again")


def test_invented_prices_are_a_warning(eye: Eye, hand: Hand) -> None:
    run(hand, feed_source="synthetic")
    flow(hand)
    found = eye.judge(data_flow_stage.judge)
    assert (found.status, found.message) == (WARN, "demo walks on synthetic prices")


# -- coordination ---------------------------------------------------------------------------------


@pytest.fixture
def between(monkeypatch: pytest.MonkeyPatch) -> Callable[[Callable[[], None]], None]:
    """Have something happen between the two looks; a look that waits longer than that is late."""
    monkeypatch.setattr(coordination_stage, "_LONGEST_S", -1.0)
    monkeypatch.setattr(coordination_stage, "_pause", lambda: None)
    return lambda happen: monkeypatch.setattr(coordination_stage, "_pause", happen)


Between = Callable[[Callable[[], None]], None]


def test_heartbeats_and_cycles_that_move_on_pass(eye: Eye, hand: Hand, between: Between) -> None:
    run(hand, 1)
    hand.execute("UPDATE engine_programs SET heartbeat_at = ?", _ago(1_000))
    between(lambda: run(hand, 3))
    found = eye.judge(coordination_stage.judge)
    assert (found.status, found.figures["cycles"]) == (PASS, {"demo": 2})


def _ago(age_ms: int) -> str:
    return datetime.fromtimestamp((NOW_MS - age_ms) / 1000, UTC).isoformat()


@pytest.mark.usefixtures("between")
def test_a_heartbeat_that_stands_still_fails(eye: Eye, hand: Hand) -> None:
    run(hand)
    found = eye.judge(coordination_stage.judge)
    assert (found.status, found.message) == (FAIL, "the engine program 7 gives no sign of life")


def test_cycles_that_stand_still_fail(eye: Eye, hand: Hand, between: Between) -> None:
    run(hand, 5)
    hand.execute("UPDATE engine_programs SET heartbeat_at = ?", _ago(1_000))
    between(lambda: run(hand, 5))
    found = eye.judge(coordination_stage.judge)
    assert (found.status, found.message) == (FAIL, "the cycles of demo stand still")


@pytest.mark.parametrize(
    ("said", "status", "message"),
    [
        ({"status": EngineStatus.FAILED, "last_error": "out of luck"}, FAIL,
         "the engine of demo failed: out of luck"),
        ({"status": EngineStatus.DEGRADED, "last_error": "no feed"}, WARN,
         "the engine of demo is degraded: no feed"),
        ({"status": EngineStatus.STARTING}, WARN, "the engine of demo is starting"),
        ({"age_ms": 60_000}, FAIL, "no engine runs demo"),
    ],
)  # fmt: skip
def test_what_an_engine_says_of_itself_counts(
    eye: Eye, hand: Hand, between: Between, said: dict[str, Any], status: StepStatus, message: str
) -> None:
    run(hand, 1, **said)
    hand.execute("UPDATE engine_programs SET heartbeat_at = ?", _ago(1_000))
    between(lambda: run(hand, 2, **said))
    found = eye.judge(coordination_stage.judge)
    assert (found.status, found.message) == (status, message)


def test_an_enabled_connection_without_an_engine_fails_unless_all_is_young(
    eye: Eye, hand: Hand, between: Between
) -> None:
    hand.program(age_ms=1_000)
    between(lambda: _beat(hand))
    assert eye.judge(coordination_stage.judge).message == "no engine runs demo"
    hand.execute("DELETE FROM engine_programs")
    hand.program(age_ms=1_000, uptime_ms=2_000)
    assert eye.judge(coordination_stage.judge).message == "the engine of demo is starting"


def _beat(hand: Hand) -> None:
    hand.execute("UPDATE engine_programs SET heartbeat_at = ?", _ago(0))


@pytest.mark.usefixtures("between")
def test_a_program_of_another_machine_that_fell_silent_is_gone(eye: Eye, hand: Hand) -> None:
    hand.program(age_ms=60_000)
    found = eye.judge(coordination_stage.judge)
    assert (found.status, found.message) == (
        WARN, "an engine ended without a word (process 7), none runs",
    )  # fmt: skip


def test_a_process_that_lives_and_says_nothing_hangs(eye: Eye, hand: Hand) -> None:
    hand.program(age_ms=60_000)
    born = datetime.fromtimestamp(psutil.Process().create_time(), UTC).isoformat()
    hand.execute(
        "UPDATE engine_programs SET host = ?, pid = ?, pid_started_at = ?",
        socket.gethostname(), os.getpid(), born,
    )  # fmt: skip
    found = eye.judge(coordination_stage.judge)
    assert found.status is FAIL
    assert found.message == f"the engine program {os.getpid()} has hung since 2025-04-03T11:59:00Z"
    assert f"kill {os.getpid()}" in found.advice


def test_a_lease_that_is_about_to_end_by_itself_is_no_fault(eye: Eye, hand: Hand) -> None:
    until = utc_from_ms(NOW_MS + 5_000).isoformat()
    hand.execute("UPDATE leases SET owner = 'killed', expires_at = ?", until)
    assert eye.judge(coordination_stage.judge).status is SKIP


# -- exchanges ------------------------------------------------------------------------------------


def test_an_exchange_that_does_not_answer_a_running_engine_fails(eye: Eye, hand: Hand) -> None:
    hand.execute("UPDATE connections SET enabled = (name = 'okx')")
    run(hand, connection="okx", figures={"session": {"breaker": {"state": "open"},
                                                      "last_error": "okx: timeout"}})  # fmt: skip
    found = eye.judge(api_stage.judge)
    assert found.status is FAIL
    assert found.message == "okx: the exchange does not answer the engine: okx: timeout"


def test_what_an_exchange_does_not_give_is_not_laid_to_the_data_flow(
    desk: Desk, hand: Hand, between: Between
) -> None:
    hand.execute("UPDATE connections SET enabled = (name = 'okx')")
    down = {"session": {"breaker": {"state": "open"}}}
    run(hand, connection="okx", figures=down)
    between(lambda: run(hand, 2, connection="okx", figures=down))
    result = desk.workflow.run()
    told = {step.name: step.status for step in result.steps}
    assert (told["api"], told["data flow"]) == (FAIL, SKIP)


def test_a_test_of_long_ago_is_a_warning_where_a_key_is_used(
    eye: Eye, hand: Hand, clock: ManualClock
) -> None:
    kept = {
        "time_ms": NOW_MS - 8 * 86_400_000, "status": "pass", "steps": [], "permissions": {},
        "clock_offset_ms": 3, "capabilities": {},
    }  # fmt: skip
    hand.execute(
        "UPDATE connections SET enabled = 1, mode = 'testnet', last_test = ? WHERE name = 'okx'",
        json.dumps(kept),
    )
    found = eye.judge(api_stage.judge)
    assert (found.status, found.message) == (WARN, "okx: the last test is older than 7 days")
