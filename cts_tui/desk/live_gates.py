"""The gates of live trading: every one must be open before real money may move (S2)."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from cts_tui.errors import ConfigError
from cts_tui.exchange.permissions import tells_permissions
from cts_tui.model.connection import ConnectionSetup
from cts_tui.model.connection_test import ConnectionTest, StepStatus
from cts_tui.model.gate import CLOCK_BOUND_MS, Gate
from cts_tui.model.trading import SILENT_MS, EngineStatus, Mode
from cts_tui.model.views import ConnectionView
from cts_tui.store import connections, engines, risk, setting_rows
from cts_tui.store.database import Transaction

TEST_LASTS_MS: Final = 7 * 86_400_000
"""How long a connection test counts."""


class ClosedGatesError(ConfigError):
    """Live trading was not armed: show the gates that are closed, each says what to do."""

    def __init__(self, name: str, gates: tuple[Gate, ...]) -> None:
        self.gates = gates
        first = next(gate for gate in gates if not gate.is_open)
        super().__init__(
            f"live trading stays off for {name}: {first.name}: {first.message}"
            + (f"; {first.todo}" if first.todo else "")
        )


@dataclass(frozen=True, slots=True)
class Found:
    """What is stored of one connection, as far as gates ask for it."""

    setup: ConnectionSetup
    view: ConnectionView
    figures: Mapping[str, Any]
    """What its engine last wrote of itself."""
    is_killed: bool
    halt: str
    """Why a loss limit stops entries of real money; empty where none does."""
    unknown: tuple[str, ...]
    """Symbols of orders whose outcome is not known."""
    is_flattening: bool
    now_ms: int

    @property
    def is_engine_fresh(self) -> bool:
        """Whether its engine runs and has just said so."""
        view = self.view
        return (
            view.status is EngineStatus.RUNNING
            and view.heartbeat_ms is not None
            and self.now_ms - view.heartbeat_ms <= SILENT_MS
        )


def found(transaction: Transaction, setup: ConnectionSetup, now_ms: int) -> Found:
    """Read what the gates of a connection rest on."""
    view = next(one for one in connections.views(transaction) if one.name == setup.name)
    rows = {row["name"]: row["figures"] for row in engines.states(transaction)}
    halts = [
        state.halt_reason
        for state in risk.states(transaction).get(setup.id, [])
        if state.is_live and state.is_halted
    ]
    return Found(
        setup=setup,
        view=view,
        figures=rows.get(setup.name) or {},
        is_killed=bool(setting_rows.get(transaction, setting_rows.KILL_SWITCH)),
        halt=halts[0] if halts else "",
        unknown=tuple(risk.unknown_orders(transaction, setup.id)),
        is_flattening=setup.id in risk.flatten_requests(transaction),
        now_ms=now_ms,
    )


def gates(what: Found, confirm: str) -> tuple[Gate, ...]:
    """Return every gate, in the order in which they should be opened.

    A wrong name comes early: who mistypes it means another connection.
    """
    typed = _confirmation(what, confirm)
    is_wrong = bool(confirm) and not typed.is_open
    return (
        _enabled(what),
        *([typed] if is_wrong else []),
        _mode(what),
        _credentials(what),
        _tested(what),
        _permissions(what),
        _engine(what),
        _clock(what),
        _account(what),
        _reconciled(what),
        _unknown(what),
        _kill_switch(what),
        _loss_limits(what),
        _flattening(what),
        *([] if is_wrong else [typed]),
    )


def _mode(what: Found) -> Gate:
    mode, name = what.setup.mode, what.setup.name
    if mode is Mode.PAPER:
        todo = f"choose where it trades: connections edit {name} --mode testnet|live"
        return Gate.closed("mode", "its mode is paper, which has no real orders", todo)
    money = "real money" if mode is Mode.LIVE else "the exchange's test money"
    return Gate.opened("mode", f"{mode}: {money}")


def _enabled(what: Found) -> Gate:
    if what.setup.enabled:
        return Gate.opened("enabled", "it is enabled")
    todo = f"first: connections enable {what.setup.name}"
    return Gate.closed("enabled", "it is disabled", todo)


def _credentials(what: Found) -> Gate:
    if what.setup.credentials_ms is not None:
        return Gate.opened("credentials", "stored, encrypted")
    todo = f"connections edit {what.setup.name} --credentials-stdin"
    return Gate.closed("credentials", "no API key is stored", todo)


def _tested(what: Found) -> Gate:
    test, todo = what.view.last_test, f"connections test {what.setup.name}"
    fault = _test_fault(what, test)
    if fault or test is None:
        return Gate.closed("tested", fault, todo)
    age_h = (what.now_ms - test.time_ms) / 3_600_000
    return Gate.opened("tested", f"passed {age_h:.1f} h ago, the key is accepted")


def _test_fault(what: Found, test: ConnectionTest | None) -> str:
    """Return why the last test does not count; empty where it does."""
    if test is None:
        return "it was not tested since it was last changed, or its key was refused"
    if test.time_ms < (what.setup.credentials_ms or 0):
        return "the credentials were changed after the last test"
    if what.now_ms - test.time_ms > TEST_LASTS_MS:
        return f"the last test is older than {TEST_LASTS_MS // 86_400_000} days"
    failed = next((step for step in test.steps if step.status is StepStatus.FAIL), None)
    if failed is not None:
        return f"the last test failed: {failed.name}: {failed.message}"
    key = test.step("authentication")
    if key is None or key.status is not StepStatus.PASS:
        return "the last test did not try the key"
    return ""


def _permissions(what: Found) -> Gate:
    test, exchange = what.view.last_test, what.setup.exchange
    may_withdraw = None if test is None else test.permissions.can_withdraw
    if test is not None and test.permissions.can_trade is False:
        todo = "give the key the right to trade, then test again"
        return Gate.closed("permissions", "the key may not trade on this market", todo)
    if may_withdraw is False:
        return Gate.opened("permissions", "the key may not withdraw")
    if may_withdraw and what.setup.mode is Mode.LIVE:
        todo = "make a key without the right to withdraw, and delete this one"
        return Gate.closed("permissions", "the key may withdraw", todo)
    told = "the key may withdraw test money" if may_withdraw else _unknown_right(exchange)
    return Gate.opened("permissions", told, is_warning=True)


def _unknown_right(exchange: str) -> str:
    why = "did not say" if tells_permissions(exchange) else "cannot be asked"
    return f"{exchange} {why} what the key may do: see there that it may not withdraw"


def _engine(what: Found) -> Gate:
    if what.is_engine_fresh:
        return Gate.opened("engine", "it runs")
    name, status = what.setup.name, what.view.status
    if not what.setup.enabled or status is EngineStatus.STOPPED:
        return Gate.closed("engine", "no engine runs it", "start one with: cts-tui run")
    if status is EngineStatus.RUNNING:
        return Gate.closed("engine", "its engine gives no sign of life", "cts-tui health")
    why = f"its engine is {status}" + f": {what.view.last_error}" * bool(what.view.last_error)
    return Gate.closed("engine", why, f"wait for it, or see: connections show {name}")


def _clock(what: Found) -> Gate:
    offset_ms = _offset_ms(what)
    if offset_ms is None:
        todo = f"connections test {what.setup.name}"
        return Gate.closed("clock", "the exchange's clock was not measured", todo)
    said = f"the exchange's clock is {offset_ms:+} ms from ours"
    if abs(offset_ms) <= CLOCK_BOUND_MS:
        return Gate.opened("clock", said)
    todo = "set this machine's clock by NTP, then test again"
    return Gate.closed("clock", f"{said}, at most {CLOCK_BOUND_MS} are allowed", todo)


def _offset_ms(what: Found) -> int | None:
    """Return the newest measurement: the engine's, else the last test's."""
    session = what.figures.get("session")
    measured = session.get("clock_offset_ms") if isinstance(session, Mapping) else None
    if what.is_engine_fresh and isinstance(measured, int):
        return measured
    return None if what.view.last_test is None else what.view.last_test.clock_offset_ms


def _account(what: Found) -> Gate:
    account = _part(what, "account")
    if what.is_engine_fresh and account.get("is_reachable"):
        return Gate.opened("account", "the engine reaches the account")
    why = f": {account['error']}" if account.get("error") else ""
    return Gate.closed(
        "account",
        f"the engine does not reach the account{why}",
        f"wait for it, or see: connections test {what.setup.name}",
    )


def _reconciled(what: Found) -> Gate:
    said = _part(what, "reconcile")
    if what.is_engine_fresh and said.get("is_reconciled"):
        return Gate.opened("reconciled", "orders, fills and positions agree with the exchange")
    why = said.get("last_error") or said.get("error")
    message = "orders and positions were not compared with the exchange" + f": {why}" * bool(why)
    return Gate.closed("reconciled", message, "wait until the engine has done so")


def _unknown(what: Found) -> Gate:
    if not what.unknown:
        return Gate.opened("orders", "no order has an unknown outcome")
    symbols = ", ".join(sorted(set(what.unknown)))
    message = f"{len(what.unknown)} with an unknown outcome on {symbols}"
    return Gate.closed("orders", message, "wait until the engine has found out")


def _kill_switch(what: Found) -> Gate:
    if what.is_killed:
        return Gate.closed("kill switch", "it is on", "cts-tui kill off")
    return Gate.opened("kill switch", "it is off")


def _loss_limits(what: Found) -> Gate:
    if what.halt:
        return Gate.closed("loss limits", what.halt, f"cts-tui risk reset {what.setup.name}")
    return Gate.opened("loss limits", "none is reached")


def _flattening(what: Found) -> Gate:
    if what.is_flattening:
        return Gate.closed("flatten", "everything is being closed", "wait until it is")
    return Gate.opened("flatten", "nothing is being closed")


def _confirmation(what: Found, confirm: str) -> Gate:
    name = what.setup.name
    if confirm == name:
        return Gate.opened("confirmation", "its name was typed")
    found_word = f"the confirmation {confirm!r} is not its name {name}"
    message = found_word if confirm else "its name was not typed"
    return Gate.closed("confirmation", message, f"connections live on {name} --confirm {name}")


def _part(what: Found, name: str) -> Mapping[str, Any]:
    part = what.figures.get(name)
    return part if isinstance(part, Mapping) else {}
