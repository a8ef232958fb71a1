"""Connections and strategies read from rows that may be broken: what they say, or what is wrong."""

from datetime import datetime
from decimal import Decimal, InvalidOperation
from typing import Any, Final

import orjson

from cts_tui.desk.drafts import check_draft
from cts_tui.desk.workflow.subject import SoundConnection
from cts_tui.errors import ConfigError
from cts_tui.model.connection import RECORDED_EXCHANGE, ConnectionDraft, ConnectionSetup
from cts_tui.model.connection_test import ConnectionTest
from cts_tui.model.strategy import StrategySpec
from cts_tui.model.trading import MarketType, Mode
from cts_tui.rules.spec import strategy_from_mapping
from cts_tui.store.column_types import to_ms
from cts_tui.store.raw_rows import RawRow

_PERCENTS: Final = ("stop_loss_pct", "take_profit_pct", "trailing_stop_pct")
_WRITTEN: Final = (
    "name", "description", "timeframe", "entry_long", "exit_long", "entry_short", "exit_short",
    "min_profit_factor", "gate_trades", "gate_min_trades",
)  # fmt: skip


def sound_connection(row: RawRow, credentials_ms: int | None) -> SoundConnection:
    """Return the connection in a row. Raises ConfigError that says what in it cannot be."""
    draft = ConnectionDraft(
        name=_text(row, "name"),
        exchange=_text(row, "exchange"),
        mode=Mode(_one_of(row, "mode", tuple(Mode))),
        market=MarketType(_one_of(row, "market", tuple(MarketType))),
        symbols=_texts(row, "symbols"),
        timeframe=_text(row, "timeframe"),
        ccxt_config=_json_or_none(row, "ccxt_config", dict),
        symbols_filter=None if row["symbols_filter"] is None else _text(row, "symbols_filter"),
    )
    for name in ("created_at", "updated_at"):
        _time(row, name)
    if draft.exchange != RECORDED_EXCHANGE:
        check_draft(draft)
    setup = ConnectionSetup(
        id=row["id"],
        enabled=_switch(row, "enabled"),
        live=_switch(row, "live"),
        credentials_ms=credentials_ms,
        **{name: getattr(draft, name) for name in draft.__slots__},
    )
    return SoundConnection(setup, _last_test(row))


def sound_strategy(row: RawRow) -> StrategySpec:
    """Return the strategy in a row. Raises ConfigError with everything that is wrong with it."""
    _switch(row, "enabled")
    _switch(row, "is_builtin")
    amounts = {name: _decimal(row, name) for name in (*_PERCENTS, "size_amount")}
    size = {"kind": row["size_kind"], "amount": amounts.pop("size_amount")}
    written = {name: row[name] for name in _WRITTEN}
    return strategy_from_mapping(
        {**written, **amounts, "size": size, "symbols": _texts(row, "symbols")}
    )


def time_or_none(row: RawRow, column: str) -> int | None:
    """Return a stored time in milliseconds, None where there is none. Raises ConfigError."""
    return None if row[column] is None else to_ms(_time(row, column))


def _last_test(row: RawRow) -> ConnectionTest | None:
    """Return the last test; as everywhere, one that cannot be read was never made."""
    try:
        stored = _json_or_none(row, "last_test", dict)
        return None if stored is None else ConnectionTest.from_json(stored)
    except (ConfigError, KeyError, TypeError, ValueError):
        return None


def _text(row: RawRow, column: str) -> str:
    value = row[column]
    if not isinstance(value, str):
        raise _refusal(row, column, "a text")
    return value


def _one_of(row: RawRow, column: str, known: tuple[str, ...]) -> str:
    value = _text(row, column)
    if value not in known:
        raise _refusal(row, column, f"one of {', '.join(known)}")
    return value


def _switch(row: RawRow, column: str) -> bool:
    if row[column] not in (0, 1):
        raise _refusal(row, column, "0 or 1")
    return bool(row[column])


def _decimal(row: RawRow, column: str) -> Decimal:
    try:
        return Decimal(_text(row, column))
    except InvalidOperation:
        raise _refusal(row, column, "a number") from None


def _time(row: RawRow, column: str) -> datetime:
    try:
        time = datetime.fromisoformat(_text(row, column))
    except ValueError:
        raise _refusal(row, column, "a time") from None
    if time.tzinfo is None:
        raise _refusal(row, column, "a time in UTC")
    return time


def _texts(row: RawRow, column: str) -> tuple[str, ...]:
    values = _json_or_none(row, column, list)
    if values is None or not all(isinstance(value, str) for value in values):
        raise _refusal(row, column, "a list of symbols")
    return tuple(values)


def _json_or_none(row: RawRow, column: str, kind: type) -> Any:
    if row[column] is None:
        return None
    try:
        value = orjson.loads(row[column])
    except (TypeError, ValueError):
        raise _refusal(row, column, "JSON") from None
    if value is not None and not isinstance(value, kind):
        raise _refusal(row, column, f"a JSON {kind.__name__}")
    return value


def _refusal(row: RawRow, column: str, expected: str) -> ConfigError:
    shown = repr(row[column])
    return ConfigError(f"{column} is {shown[:40]}{'…' * (len(shown) > 40)}, expected {expected}")
