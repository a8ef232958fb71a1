"""What has lately come through a connection: candles, indications, prices, signals. Cheap reads."""

from dataclasses import dataclass

from sqlalchemy import Table, func, select

from cts_tui.store.database import Transaction
from cts_tui.store.tables import CANDLES, INDICATIONS, LATEST_PRICES, SIGNALS


@dataclass(frozen=True, slots=True)
class Flow:
    """The newest of everything. Times are open times of candles in ms, of prices market times."""

    candle_ms: int | None
    """Newest candle of all symbols; None where there never was one."""
    indication_ms: int | None
    fresh: frozenset[str]
    """Symbols that had a candle since the time that was asked for."""
    prices: dict[str, int]
    """Time of the newest price by symbol."""
    signal_ms: int | None
    """Newest signal."""
    signals: int
    """Signals since the time that was asked for."""


def flow(
    transaction: Transaction,
    connection_id: int,
    timeframe: str,
    *,
    candles_since_ms: int,
    signals_since_ms: int,
) -> Flow:
    """Read what came through a connection on one timeframe."""
    candle, price, signal = CANDLES.c, LATEST_PRICES.c, SIGNALS.c
    fresh = (
        select(candle.symbol)
        .distinct()
        .where(
            candle.connection_id == connection_id,
            candle.timeframe == timeframe,
            candle.time_ms >= candles_since_ms,
        )
    )
    prices = select(price.symbol, price.time_ms).where(price.connection_id == connection_id)
    signals = select(func.count(), func.max(signal.time_ms)).where(
        signal.connection_id == connection_id, signal.time_ms >= signals_since_ms
    )
    count, newest = transaction.execute(signals).one()
    return Flow(
        candle_ms=_newest(transaction, CANDLES, connection_id, timeframe),
        indication_ms=_newest(transaction, INDICATIONS, connection_id, timeframe),
        fresh=frozenset(transaction.execute(fresh).scalars()),
        prices={row.symbol: row.time_ms for row in transaction.execute(prices)},
        signal_ms=newest,
        signals=count,
    )


def _newest(
    transaction: Transaction, table: Table, connection_id: int, timeframe: str
) -> int | None:
    """Return the newest open time: one look into the key, by which the rows are ordered."""
    query = select(func.max(table.c.time_ms)).where(
        table.c.connection_id == connection_id, table.c.timeframe == timeframe
    )
    newest: int | None = transaction.execute(query).scalar()
    return newest
