"""Market history and what was made of it: candles, latest prices, indications, signals, orders."""

from collections.abc import Sequence
from typing import Any, Final

import numpy as np
import orjson
from sqlalchemy import RowMapping, func, select

from cts_tui.model.columns import CandleColumns, FloatArray
from cts_tui.model.market import Source
from cts_tui.model.records import Signal
from cts_tui.model.trading import (
    OPEN_POSITION,
    Direction,
    SignalKind,
    SignalStatus,
)
from cts_tui.model.views import SignalView
from cts_tui.store.column_types import word
from cts_tui.store.database import Transaction
from cts_tui.store.tables import (
    CANDLES,
    CONNECTIONS,
    INDICATIONS,
    LATEST_PRICES,
    POSITIONS,
    SIGNALS,
)

_NEVER_MS: Final = 1 << 62
"""Later than any time; what is no number sorts behind it in SQLite."""


def candles(
    transaction: Transaction,
    connection_id: int,
    symbol: str,
    timeframe: str,
    limit: int,
    *,
    since_ms: int = 0,
    before_ms: int | None = None,
) -> CandleColumns:
    """Return the newest `limit` stored candles of a series, oldest first.

    None is older than `since_ms`: to read on from there costs next to nothing. All are older than
    `before_ms`, where it is given. What is no price is left out (S12): the verifier sets it aside.
    """
    row = CANDLES.c
    query = (
        select(row.time_ms, row.open, row.high, row.low, row.close, row.volume)
        .where(row.connection_id == connection_id, row.symbol == symbol, row.timeframe == timeframe)
        .where(row.time_ms >= since_ms)
        .order_by(row.time_ms.desc())
        .limit(limit)
    )
    query = query.where(row.time_ms < (_NEVER_MS if before_ms is None else before_ms))
    rows = transaction.execute(query).all()[::-1]
    times, *values = zip(*rows, strict=True) if rows else ((),) * 6
    found = CandleColumns(np.array(times, dtype=np.int64), *map(_floats, values))
    prices = np.array((found.open, found.high, found.low, found.close))
    is_candle = np.isfinite(found.volume) & (found.volume >= 0) & (found.high >= found.low)
    is_candle &= (np.isfinite(prices) & (prices > 0)).all(axis=0)
    return found if is_candle.all() else found.where(is_candle)


def _floats(column: Sequence[Any]) -> FloatArray:
    """Return stored numbers; what is none is NaN."""
    try:
        return np.array(column, dtype=np.float64)
    except (TypeError, ValueError):
        numbers = [value if isinstance(value, int | float) else np.nan for value in column]
        return np.array(numbers, dtype=np.float64)


def without_indications(
    transaction: Transaction, connection_id: int, symbol: str, timeframe: str, *, limit: int
) -> list[tuple[int, str]]:
    """Return open time and source of the oldest candles of a series that have no indications."""
    candle, indication = CANDLES.c, INDICATIONS.c
    is_same = (
        (indication.connection_id == candle.connection_id)
        & (indication.timeframe == candle.timeframe)
        & (indication.time_ms == candle.time_ms)
        & (indication.symbol == candle.symbol)
    )
    query = (
        select(candle.time_ms, candle.source)
        .outerjoin(INDICATIONS, is_same)
        .where(
            candle.connection_id == connection_id,
            candle.symbol == symbol,
            candle.timeframe == timeframe,
            indication.time_ms.is_(None),
        )
        .order_by(candle.time_ms)
        .limit(limit)
    )
    return [(time_ms, source) for time_ms, source in transaction.execute(query)]


def indications(
    transaction: Transaction, connection_id: int, symbol: str, timeframe: str
) -> dict[int, dict[str, float | None]]:
    """Return the values of every indication of a series by open time, for small stores."""
    row = INDICATIONS.c
    query = select(row.time_ms, row["values"]).where(
        row.connection_id == connection_id, row.symbol == symbol, row.timeframe == timeframe
    )
    return {time_ms: orjson.loads(values) for time_ms, values in transaction.execute(query)}


def latest_prices(transaction: Transaction) -> list[RowMapping]:
    """Return the newest price of every symbol of the enabled connections."""
    query = (
        select(LATEST_PRICES, CONNECTIONS.c.name.label("connection"))
        .join(CONNECTIONS, CONNECTIONS.c.id == LATEST_PRICES.c.connection_id)
        .where(CONNECTIONS.c.enabled)
        .order_by(CONNECTIONS.c.name, LATEST_PRICES.c.symbol)
    )
    return list(transaction.execute(query).mappings())


def stored_timeframes(transaction: Transaction, connection_id: int) -> list[str]:
    """Return the timeframes of a connection's candles, by one look into the index for each."""
    row, found = CANDLES.c, ""
    timeframes: list[str] = []
    while True:
        query = select(func.min(row.timeframe)).where(
            row.connection_id == connection_id, row.timeframe > found
        )
        found = transaction.execute(query).scalar() or ""
        if not found:
            return timeframes
        timeframes.append(found)


def priced_symbols(transaction: Transaction, connection_id: int) -> list[str]:
    """Return the symbols of a connection that ever had a price."""
    row = LATEST_PRICES.c
    query = select(row.symbol).where(row.connection_id == connection_id).order_by(row.symbol)
    return list(transaction.execute(query).scalars())


def last_candle_time(
    transaction: Transaction, connection_id: int, symbol: str, timeframe: str
) -> int | None:
    """Return the open time of the newest stored candle of a series, None without candles."""
    row = CANDLES.c
    query = (
        select(row.time_ms)
        .where(row.connection_id == connection_id, row.symbol == symbol, row.timeframe == timeframe)
        .order_by(row.time_ms.desc())
        .limit(1)
    )
    return transaction.execute(query).scalar()


def synthetic_times(
    transaction: Transaction, connection_id: int, symbol: str, timeframe: str, since_ms: int
) -> set[int]:
    """Return the open times of a series' candles since `since_ms` that rest on invented prices."""
    row = CANDLES.c
    query = select(row.time_ms).where(
        row.connection_id == connection_id,
        row.timeframe == timeframe,
        row.symbol == symbol,
        row.time_ms >= since_ms,
        row.source == Source.SYNTHETIC,
    )
    return set(transaction.execute(query).scalars())


def latest_price(transaction: Transaction, connection_id: int, symbol: str) -> RowMapping | None:
    """Return the newest price of a symbol: price, time_ms, source, is_stale."""
    row = LATEST_PRICES.c
    query = select(LATEST_PRICES).where(row.connection_id == connection_id, row.symbol == symbol)
    return transaction.execute(query).mappings().first()


def traded(
    transaction: Transaction, connection_id: int, symbol: str, since_ms: int, limit: int
) -> list[RowMapping]:
    """Return the newest positions on a symbol that are open or were closed since `since_ms`."""
    row = POSITIONS.c
    query = (
        select(
            row.side, row.status, row.entry_time_ms, row.entry_price, row.exit_time_ms,
            row.exit_price, row.pnl, row.stop_price, row.target_price,
        )
        .where(row.connection_id == connection_id, row.symbol == symbol)
        .where((row.status.in_(OPEN_POSITION)) | (row.exit_time_ms >= since_ms))
        .order_by(row.id.desc())
        .limit(limit)
    )  # fmt: skip
    return list(transaction.execute(query).mappings())


def signal_views(
    transaction: Transaction, *, limit: int | None = None, connection: str | None = None
) -> list[SignalView]:
    """Return signals, the newest first."""
    query = (
        select(SIGNALS, CONNECTIONS.c.name.label("connection"))
        .join(CONNECTIONS, CONNECTIONS.c.id == SIGNALS.c.connection_id)
        .order_by(SIGNALS.c.time_ms.desc(), SIGNALS.c.id.desc())
        .limit(limit)
    )
    if connection is not None:
        query = query.where(CONNECTIONS.c.name == connection)
    return [_signal(row) for row in transaction.execute(query).mappings()]


def _signal(row: RowMapping) -> SignalView:
    own = {"connection_id", "created_at"}
    plain: dict[str, Any] = {key: value for key, value in row.items() if key not in own}
    return SignalView(
        **plain
        | {
            "side": word(Direction, row["side"]),
            "kind": word(SignalKind, row["kind"]),
            "status": word(SignalStatus, row["status"]),
        }
    )


def new_signals(transaction: Transaction, connection_id: int, since_ms: int) -> list[Signal]:
    """Return the signals of candles from a time on of which nothing has become, oldest first."""
    query = (
        select(SIGNALS)
        .where(
            SIGNALS.c.connection_id == connection_id,
            SIGNALS.c.time_ms >= since_ms,
            SIGNALS.c.status == SignalStatus.NEW,
        )
        .order_by(SIGNALS.c.time_ms, SIGNALS.c.id)
    )
    own = {"id", "connection_id", "created_at", "status"}
    rows = transaction.execute(query).mappings()
    plain = [{key: value for key, value in row.items() if key not in own} for row in rows]
    return [
        Signal(**row | {"side": Direction(row["side"]), "kind": SignalKind(row["kind"])})
        for row in plain
    ]


def last_signal_time(transaction: Transaction) -> int | None:
    """Return the open time of the candle of the newest signal, None without signals."""
    return transaction.execute(select(func.max(SIGNALS.c.time_ms))).scalar()


def last_indication_time(transaction: Transaction) -> int | None:
    """Return the open time of the newest candle with indications, by connections' timeframes."""
    row, connection = INDICATIONS.c, CONNECTIONS.c
    of_one = (
        select(func.max(row.time_ms))
        .where(row.connection_id == connection.id, row.timeframe == connection.timeframe)
        .scalar_subquery()
    )
    return transaction.execute(select(func.max(of_one)).select_from(CONNECTIONS)).scalar()


def count_signals(transaction: Transaction, *, since_ms: int = 0) -> int:
    """Return how many signals were given for candles that opened at `since_ms` or later."""
    query = select(func.count()).select_from(SIGNALS).where(SIGNALS.c.time_ms >= since_ms)
    return transaction.execute(query).scalar_one()
