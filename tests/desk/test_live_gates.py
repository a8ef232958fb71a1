"""S2: every gate of live trading says whether it is open, what was found, and what to do."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from cts_tui.clock import utc_from_ms
from cts_tui.desk import connection_tests
from cts_tui.desk.desk import Desk
from cts_tui.desk.live_gates import CLOCK_BOUND_MS, TEST_LASTS_MS, ClosedGatesError
from cts_tui.errors import ConfigError
from cts_tui.model.connection import ConnectionDraft
from cts_tui.model.connection_test import (
    ConnectionTest,
    Permissions,
    StepResult,
    StepStatus,
)
from cts_tui.model.limits import RiskState
from cts_tui.model.trading import EngineStatus, Mode
from cts_tui.store import connections, risk
from cts_tui.store.batch import Batch

from .conftest import NOW, NOW_MS, Hand

NAME = "mine"
FIGURES = {
    "account": {"is_reachable": True, "unknown_orders": 0, "error": None},
    "reconcile": {"is_reconciled": True},
    "session": {"clock_offset_ms": 120},
}


def a_test(age_ms: int = 60_000, **changes: Any) -> ConnectionTest:
    steps = (StepResult("authentication", StepStatus.PASS, "the exchange accepts the key"),)
    values: dict[str, Any] = {
        "time_ms": NOW_MS - age_ms,
        "status": StepStatus.PASS,
        "steps": steps,
        "permissions": Permissions(can_withdraw=False, can_trade=True),
        "clock_offset_ms": 40,
    }
    return ConnectionTest(**(values | changes))


class Ready:
    """A connection all of whose gates are open; `spoil` closes one."""

    def __init__(self, desk: Desk, hand: Hand) -> None:
        self.desk, self.hand = desk, hand
        desk.connections.add(ConnectionDraft(NAME, "binance", Mode.LIVE, symbols=("BTC/USDT",)))
        desk.connections.enable(NAME)
        key = hand.connection_id(NAME)
        hand.execute(
            "INSERT INTO credentials (connection_id, fields, blob, created_at, updated_at) "
            "VALUES (?, '[\"apiKey\"]', x'00', ?, ?)",
            key,
            *[utc_from_ms(NOW_MS - 10 * 86_400_000).isoformat(timespec="milliseconds")[:-6] + "Z"]
            * 2,
        )
        self.test(a_test())
        self.engine()

    @property
    def id(self) -> int:
        return self.hand.connection_id(NAME)

    def test(self, test: ConnectionTest | None) -> None:
        stored = None if test is None else test.to_json()
        self.change(last_test=stored)

    def change(self, **values: Any) -> None:
        with self.desk.database.write() as transaction:
            connections.change(transaction, self.id, NOW, **values)

    def engine(self, **changes: Any) -> None:
        self.hand.engine(connection=NAME, **({"figures": FIGURES} | changes))

    def figures(self, **changes: Any) -> None:
        self.engine(figures=FIGURES | changes)

    def halt(self, *, is_live: bool) -> None:
        batch = Batch()
        batch.risk_state(self.id, RiskState(is_live, halted_ms=NOW_MS, halt_reason="daily loss"))
        self.hand.write(batch)

    @property
    def closed(self) -> list[str]:
        gates = self.desk.connections.live_gates(NAME, NAME)
        return [gate.name for gate in gates if not gate.is_open]


@pytest.fixture
def ready(desk: Desk, hand: Hand) -> Ready:
    return Ready(desk, hand)


def events(desk: Desk) -> list[tuple[str, str, str]]:
    return [(one.who, one.subject, one.message) for one in desk.events.list()]


def test_s2_live_is_armed_where_every_gate_is_open(ready: Ready) -> None:
    assert ready.closed == []
    gates = ready.desk.connections.live_on(NAME, NAME)
    assert all(gate.is_open for gate in gates)
    assert ready.desk.connections.get(NAME).live
    event = ready.desk.events.list(1)[0]
    assert (event.who, event.before, event.after) == ("tui", "not live", "live")


def unknown_order(ready: Ready) -> None:
    ready.hand.execute(
        "INSERT INTO orders (client_order_id, connection_id, position_key, strategy, symbol, side,"
        " type, reduce_only, status, filled, fees, reason, time_in_force, purpose, timeframe,"
        " is_live, answer, created_at, updated_at) VALUES ('cts-x', ?, 'cts-x', 's', 'BTC/USDT',"
        " 'buy', 'market', 0, 'unknown', '0', '0', '', 'gtc', 'entry', '1m', 1, '', ?, ?)",
        ready.id,
        *["2025-04-03T12:00:00.000Z"] * 2,
    )


def flatten(ready: Ready) -> None:
    with ready.desk.database.write() as transaction:
        risk.request_flatten(transaction, ready.id, NOW)


WITHDRAWS = Permissions(can_withdraw=True, can_trade=True)
FAILED = (StepResult("stream", StepStatus.FAIL, "nothing came"),)
SPOILS: dict[str, tuple[str, Callable[[Ready], object], str]] = {
    "paper": ("mode", lambda r: r.change(mode="paper"), "its mode is paper"),
    "disabled": ("enabled", lambda r: r.change(enabled=False), "it is disabled"),
    "no key": (
        "credentials", lambda r: r.hand.execute("DELETE FROM credentials"), "no API key"),
    "untested": ("tested", lambda r: r.test(None), "was not tested"),
    "old test": ("tested", lambda r: r.test(a_test(TEST_LASTS_MS + 1)), "older than 7 days"),
    "test before the key": (
        "tested", lambda r: r.test(a_test(11 * 86_400_000)), "changed after the last test"),
    "failed test": (
        "tested", lambda r: r.test(a_test(steps=FAILED)), "the last test failed: stream"),
    "test without a key": ("tested", lambda r: r.test(a_test(steps=())), "did not try the key"),
    "withdraws": (
        "permissions", lambda r: r.test(a_test(permissions=WITHDRAWS)), "the key may withdraw"),
    "may not trade": (
        "permissions",
        lambda r: r.test(a_test(permissions=Permissions(False, False))),
        "may not trade"),
    "no engine": (
        "engine", lambda r: r.engine(status=EngineStatus.STOPPED), "no engine runs it"),
    "silent engine": ("engine", lambda r: r.engine(age_ms=60_000), "no sign of life"),
    "degraded engine": (
        "engine", lambda r: r.engine(status=EngineStatus.DEGRADED), "its engine is degraded"),
    "clock": (
        "clock",
        lambda r: r.figures(session={"clock_offset_ms": -CLOCK_BOUND_MS - 1}),
        "the exchange's clock is -1001 ms from ours"),
    "account": (
        "account",
        lambda r: r.figures(account={"is_reachable": False, "error": "refused"}),
        "does not reach the account: refused"),
    "not reconciled": (
        "reconciled", lambda r: r.figures(reconcile={"is_reconciled": False}), "not compared"),
    "unknown order": ("orders", unknown_order, "1 with an unknown outcome on BTC/USDT"),
    "killed": ("kill switch", lambda r: r.desk.controls.kill(), "it is on"),
    "halted": ("loss limits", lambda r: r.halt(is_live=True), "daily loss"),
    "flattening": ("flatten", flatten, "everything is being closed"),
}  # fmt: skip


@pytest.mark.parametrize("case", SPOILS)
def test_s2_a_closed_gate_says_what_was_found_and_what_to_do(ready: Ready, case: str) -> None:
    name, spoil, said = SPOILS[case]
    spoil(ready)
    gates = {gate.name: gate for gate in ready.desk.connections.live_gates(NAME, NAME)}
    assert not gates[name].is_open
    assert said in gates[name].message
    assert gates[name].todo
    with pytest.raises(ClosedGatesError, match=f"live trading stays off for {NAME}") as refused:
        ready.desk.connections.live_on(NAME, NAME)
    assert not ready.desk.connections.get(NAME).live
    assert [gate.name for gate in refused.value.gates] == list(gates)


def test_s2_the_name_has_to_be_typed(ready: Ready) -> None:
    for typed, said in (("", "its name was not typed"), ("mime", "'mime' is not its name mine")):
        with pytest.raises(ConfigError, match=said):
            ready.desk.connections.live_on(NAME, typed)


def test_a_wrong_name_is_told_before_other_gates(ready: Ready) -> None:
    ready.change(mode="paper")
    with pytest.raises(ConfigError, match="is not its name"):
        ready.desk.connections.live_on(NAME, "other")


@pytest.mark.parametrize(
    ("mode", "permissions", "said"),
    [
        ("live", Permissions(None, None), "did not say what the key may do"),
        ("testnet", WITHDRAWS, "may withdraw test money"),
    ],
)
def test_what_is_not_known_of_a_key_is_a_warning(
    ready: Ready, mode: str, permissions: Permissions, said: str
) -> None:
    ready.change(mode=mode)
    ready.test(a_test(permissions=permissions))
    gates = {gate.name: gate for gate in ready.desk.connections.live_gates(NAME, NAME)}
    assert gates["permissions"].is_open
    assert gates["permissions"].is_warning
    assert said in gates["permissions"].message
    assert ready.closed == []


def test_a_halt_of_the_paper_money_closes_no_gate(ready: Ready) -> None:
    ready.halt(is_live=False)
    assert ready.closed == []


def test_an_older_clock_counts_where_the_engine_measured_none(ready: Ready) -> None:
    ready.figures(session={})
    assert ready.closed == []


def test_s2_the_kill_switch_turns_live_off_in_the_same_transaction(ready: Ready) -> None:
    ready.desk.connections.live_on(NAME, NAME)
    ready.desk.controls.kill()
    assert not ready.desk.connections.get(NAME).live
    assert ("tui", NAME, "live trading off: the kill switch is on") in events(ready.desk)
    ready.desk.controls.revive()
    assert not ready.desk.connections.get(NAME).live


@pytest.mark.parametrize(
    ("test", "said"),
    [
        (a_test(permissions=WITHDRAWS), "the key may withdraw"),
        (
            a_test(steps=(StepResult("authentication", StepStatus.FAIL, "unknown key"),)),
            "the key is not accepted: unknown key",
        ),
        (a_test(), ""),
    ],
)
def test_s2_a_test_that_finds_the_key_wanting_turns_live_off(
    ready: Ready, test: ConnectionTest, said: str
) -> None:
    ready.desk.connections.live_on(NAME, NAME)
    with ready.desk.database.read() as transaction:
        setup = connections.find(transaction, NAME)
    assert setup is not None
    ready.desk.tests._record(setup, test)
    assert ready.desk.connections.get(NAME).live is (not said)
    if said:
        assert ("tui", NAME, f"live trading off: {said}") in events(ready.desk)
    assert connection_tests._disarms(setup, test) == said


def test_arming_twice_leaves_one_event(ready: Ready) -> None:
    ready.desk.connections.live_on(NAME, NAME)
    ready.desk.connections.live_on(NAME, NAME)
    armed = [message for _, _, message in events(ready.desk) if "armed" in message]
    assert len(armed) == 1
    assert timedelta(milliseconds=TEST_LASTS_MS) == timedelta(days=7)
