"""Which rule each column of the tables goes by: its type, and what its name means beside that."""

from enum import StrEnum
from functools import cache
from typing import Final

from sqlalchemy import BigInteger, Boolean, Column, Float, Integer, LargeBinary

from cts_tui.model.external import ExternalKind, ExternalStatus, ExternalWish
from cts_tui.model.health import Gravity
from cts_tui.model.market import Source
from cts_tui.model.strategy import SizeKind
from cts_tui.model.trading import (
    Direction,
    EngineStatus,
    ExitReason,
    HealthStatus,
    MarketType,
    Mode,
    OrderPurpose,
    OrderStatus,
    OrderType,
    PositionStatus,
    Side,
    SignalKind,
    SignalStatus,
    TimeInForce,
)
from cts_tui.store.column_types import DecimalText, Json, UtcTime
from cts_tui.store.tables import METADATA
from cts_tui.store.verify.values import (
    BLOB,
    FLAG,
    TEXT,
    TIME,
    TIMEFRAME,
    Rule,
    Sign,
    amount,
    json_of,
    number,
    whole,
    words,
)

_WORDS: Final[dict[str, type[StrEnum]]] = {
    "connections.mode": Mode,
    "connections.market": MarketType,
    "engine_states.status": EngineStatus,
    "strategies.size_kind": SizeKind,
    "signals.side": Direction,
    "signals.kind": SignalKind,
    "signals.status": SignalStatus,
    "orders.side": Side,
    "orders.type": OrderType,
    "orders.status": OrderStatus,
    "orders.time_in_force": TimeInForce,
    "orders.purpose": OrderPurpose,
    "fills.side": Side,
    "positions.side": Direction,
    "positions.status": PositionStatus,
    "positions.exit_reason": ExitReason,
    "externals.kind": ExternalKind,
    "externals.status": ExternalStatus,
    "externals.wish": ExternalWish,
    "candles.source": Source,
    "indications.source": Source,
    "latest_prices.source": Source,
    "alerts.severity": Gravity,
    "health_samples.status": HealthStatus,
}
_SIGNS: Final = {
    "signals.price": Sign.POSITIVE,
    "orders.quantity": Sign.NOT_NEGATIVE,
    "orders.cost": Sign.NOT_NEGATIVE,
    "orders.price": Sign.POSITIVE,
    "orders.filled": Sign.NOT_NEGATIVE,
    "orders.average_price": Sign.POSITIVE,
    "fills.quantity": Sign.NOT_NEGATIVE,
    "fills.price": Sign.POSITIVE,
    "positions.quantity": Sign.NOT_NEGATIVE,
    "positions.entry_price": Sign.POSITIVE,
    "positions.best_close": Sign.POSITIVE,
    "positions.stop_price": Sign.POSITIVE,
    "positions.target_price": Sign.POSITIVE,
    "positions.entered": Sign.NOT_NEGATIVE,
    "positions.entry_cost": Sign.NOT_NEGATIVE,
    "positions.exited": Sign.NOT_NEGATIVE,
    "positions.exit_value": Sign.NOT_NEGATIVE,
    "positions.exit_price": Sign.POSITIVE,
    "latest_prices.price": Sign.POSITIVE,
    "candles.open": Sign.POSITIVE,
    "candles.high": Sign.POSITIVE,
    "candles.low": Sign.POSITIVE,
    "candles.close": Sign.POSITIVE,
    "candles.volume": Sign.NOT_NEGATIVE,
}
_JSON: Final[dict[str, type]] = {
    "connections.symbols": list,
    "strategies.symbols": list,
    "credentials.fields": list,
    "settings.value": object,
    "indications.values": dict,
}
"""What is not an object."""
_TIMEFRAMES: Final = ("connections", "candles", "indications", "signals")


_BY_TYPE: Final[tuple[tuple[type, Rule], ...]] = (
    (UtcTime, TIME),
    (BigInteger, whole(is_time=True)),
    (Boolean, FLAG),
    (Integer, whole()),
    (LargeBinary, BLOB),
)
"""The first that fits counts: a BigInteger is an Integer."""


@cache
def rules(table: str) -> dict[str, tuple[Rule, bool]]:
    """Return by column of a table its rule, and whether it may hold NULL."""
    return {
        column.name: (_rule(table, column), bool(column.nullable))
        for column in METADATA.tables[table].columns
    }


def _rule(table: str, column: Column[object]) -> Rule:
    name = f"{table}.{column.name}"
    if name in _WORDS:
        return words(allowed=frozenset(_WORDS[name]))
    if column.name == "timeframe" and table in _TIMEFRAMES:
        return TIMEFRAME
    if name in _JSON or isinstance(column.type, Json):
        return json_of(_JSON.get(name, dict))
    return _by_type(column, _SIGNS.get(name, Sign.ANY))


def _by_type(column: Column[object], sign: Sign) -> Rule:
    kind = column.type
    if isinstance(kind, DecimalText):
        return amount(sign)
    if isinstance(kind, Float):
        return number(sign)
    return next((rule for known, rule in _BY_TYPE if isinstance(kind, known)), TEXT)
