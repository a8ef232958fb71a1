"""What the trial has left in the scratch store, link by link: candle to close, and the account."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

from cts_tui.engine.processor import Processor
from cts_tui.engine.trial import script
from cts_tui.model.connection import ConnectionSetup
from cts_tui.model.money import money_text
from cts_tui.model.trading import EventKind, OrderStatus, PositionStatus, SignalStatus
from cts_tui.model.views import PositionView
from cts_tui.store import balances, events, history, orders, positions, trading_history
from cts_tui.store.database import Database, Transaction

_CLOSE_ENOUGH: Final = 1e-6
_USDT: Final = "USDT"


@dataclass(frozen=True, slots=True)
class Link:
    """One link of the chain: how many rows of it are right, and what is wrong with the first."""

    name: str
    rows: int
    fault: str = ""


class _BrokenError(Exception):
    """What was found is not what was worked out."""


Check = Callable[[Transaction, ConnectionSetup], int]


def failed_link(processor: Processor) -> Link | None:
    """Return a processor whose cycles failed, None where all went well."""
    figures = processor.figures
    if not figures.errors:
        return None
    return Link(f"processor {processor.name}", 0, f"a cycle failed: {figures.last_error}")


def check_rows(database: Database, setup: ConnectionSetup) -> tuple[Link, ...]:
    """Return every link from candle to balance; a row that cannot be read is a fault of its link.

    Raises StoreError where the store cannot be read at all.
    """
    with database.read() as transaction:
        return tuple(_link(name, check, transaction, setup) for name, check in _CHECKS.items())


def _link(name: str, check: Check, transaction: Transaction, setup: ConnectionSetup) -> Link:
    try:
        return Link(name, check(transaction, setup))
    except _BrokenError as error:
        return Link(name, 0, str(error))
    except (ArithmeticError, LookupError, TypeError, ValueError) as error:
        return Link(name, 0, f"a row cannot be read: {type(error).__name__}: {error}")


def _expect(what: str, found: object, wanted: object) -> None:
    if found != wanted:
        raise _BrokenError(f"{what} is {_said(found)}, expected {_said(wanted)}")


def _said(value: object) -> str:
    return money_text(value) if isinstance(value, Decimal) else str(value)


def _count(what: str, found: Sequence[Any], wanted: int) -> None:
    _expect(f"the number of {what}", len(found), wanted)


def _clock(time_ms: int) -> str:
    return f"12:{(time_ms - script.NOON_MS) // script.MINUTE_MS:02}"


def _candles(transaction: Transaction, setup: ConnectionSetup) -> int:
    place = (setup.id, script.SYMBOL, script.TIMEFRAME)
    found = list(history.candles(transaction, *place, 1_000))
    _count("candles", found, len(script.CANDLES))
    for candle, wanted in zip(found, script.CANDLES, strict=True):
        _expect(f"the candle at {_clock(wanted.time_ms)}", tuple(candle), tuple(wanted))
    return len(found)


def _indications(transaction: Transaction, setup: ConnectionSetup) -> int:
    found = history.indications(transaction, setup.id, script.SYMBOL, script.TIMEFRAME)
    _count("indications", list(found), len(script.CANDLES))
    for time_ms, wanted in script.INDICATIONS.items():
        for name, value in wanted.items():
            _near(f"{name} at {_clock(time_ms)}", found[time_ms][name], value)
    return len(found)


def _near(what: str, found: float | None, wanted: float) -> None:
    if found is None or not math.isclose(found, wanted, abs_tol=_CLOSE_ENOUGH):
        raise _BrokenError(f"{what} is {found}, expected {wanted}")


def _signals(transaction: Transaction, _setup: ConnectionSetup) -> int:
    found = sorted(
        history.signal_views(transaction), key=lambda signal: (signal.time_ms, signal.strategy)
    )
    _count("signals", found, len(script.SIGNALS))
    for signal, wanted in zip(found, script.SIGNALS, strict=True):
        told = (signal.time_ms, signal.strategy, signal.kind, signal.side, signal.price)
        what = f"the signal at {_clock(wanted.time_ms)} of {wanted.strategy}"
        _expect(what, _in_words(told), _in_words(wanted))
        _expect(f"the status of {what}", signal.status, SignalStatus.EXECUTED)
    return len(found)


def _in_words(values: Sequence[object]) -> str:
    return " ".join(_said(value) for value in values[1:])


def _orders(transaction: Transaction, _setup: ConnectionSetup) -> int:
    found = orders.order_views(transaction)[::-1]
    _count("orders", found, len(script.FILLS))
    for order in found:
        what = f"the {order.purpose} order of {order.strategy}"
        _expect(f"the status of {what}", order.status, OrderStatus.FILLED)
        _expect(f"what {what} has filled", order.filled, script.QUANTITY)
    kinds = sorted((order.purpose, order.side, order.strategy) for order in found)
    wanted = sorted((fill.purpose, fill.side, fill.strategy) for fill in script.FILLS)
    _expect("what was ordered", kinds, wanted)
    return len(found)


def _fills(transaction: Transaction, _setup: ConnectionSetup) -> int:
    found = sorted(
        trading_history.fills(transaction, trading_history.Wanted()),
        key=lambda fill: (fill.time_ms, fill.strategy),
    )
    _count("fills", found, len(script.FILLS))
    for fill, wanted in zip(found, script.FILLS, strict=True):
        what = f"the {wanted.purpose} fill of {wanted.strategy} at {_clock(wanted.time_ms)}"
        _expect(f"the time of {what}", fill.time_ms, wanted.time_ms)
        told = (fill.strategy, fill.purpose, fill.side)
        _expect(f"what {what} is of", told, wanted[1:4])
        _expect(f"the quantity of {what}", fill.quantity, script.QUANTITY)
        _expect(f"the price of {what}", fill.price, wanted.price)
        _expect(f"the fee of {what}", fill.fee, wanted.fee)
    return len(found)


def _positions(transaction: Transaction, _setup: ConnectionSetup) -> int:
    """Check how the positions were opened: side, size, price and levels."""
    found = _closed(transaction)
    for position, wanted in zip(found, script.POSITIONS, strict=True):
        what = f"the {wanted.side} position closed by {wanted.exit_reason}"
        _expect(f"the side of {what}", position.side, wanted.side)
        _expect(f"the quantity of {what}", position.quantity, script.QUANTITY)
        _expect(f"the entry price of {what}", position.entry_price, wanted.entry_price)
        _expect(f"the stop of {what}", position.stop_price, wanted.stop_price)
        _expect(f"the target of {what}", position.target_price, wanted.target_price)
    return len(found)


def _closes(transaction: Transaction, _setup: ConnectionSetup) -> int:
    """Check that each was closed, why and at which price."""
    found = _closed(transaction)
    for position, wanted in zip(found, script.POSITIONS, strict=True):
        what = f"the {wanted.side} position to be closed by {wanted.exit_reason}"
        _expect(f"the status of {what}", position.status, PositionStatus.CLOSED)
        _expect(f"the reason of {what}", position.exit_reason, wanted.exit_reason)
        _expect(f"the exit price of {what}", position.exit_price, wanted.exit_price)
    return len(found)


def _pnl(transaction: Transaction, _setup: ConnectionSetup) -> int:
    found = _closed(transaction)
    for position, wanted in zip(found, script.POSITIONS, strict=True):
        what = f"the PnL of the {wanted.side} position closed by {wanted.exit_reason}"
        _expect(what, position.pnl, wanted.pnl)
    return len(found)


def _closed(transaction: Transaction) -> list[PositionView]:
    """Return the positions in the order in which they closed, as many as were worked out."""
    found = positions.views(transaction, script.NOON_MS)[::-1]
    _count("positions", found, len(script.POSITIONS))
    return found


def _events(transaction: Transaction, _setup: ConnectionSetup) -> int:
    found = [event for event in events.views(transaction) if event.kind == EventKind.POSITION]
    _count("events of positions", found, script.EVENTS)
    return len(found)


def _balance(transaction: Transaction, setup: ConnectionSetup) -> int:
    found = balances.totals(transaction, setup.id, is_live=False)
    _expect("the balance", found.get(_USDT), script.BALANCE)
    return 1


_CHECKS: Final[dict[str, Check]] = {
    "candle": _candles,
    "indication": _indications,
    "signal": _signals,
    "order": _orders,
    "fill": _fills,
    "position": _positions,
    "close": _closes,
    "pnl": _pnl,
    "event": _events,
    "balance": _balance,
}
