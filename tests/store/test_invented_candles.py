"""Candles that were invented while a feed was lost go when the real ones come."""

from typing import Any

from sqlalchemy import select

from cts_tui.model.market import Candle
from cts_tui.store.batch import Batch
from cts_tui.store.database import Database
from cts_tui.store.tables import CANDLES, INDICATIONS

from .samples import add_connection

M = 60_000


def rows(database: Database, table: Any) -> list[tuple[str, str, int, str]]:
    with database.read() as transaction:
        return [
            (row.symbol, row.timeframe, row.time_ms // M, row.source)
            for row in transaction.execute(select(table).order_by(table.c.symbol, table.c.time_ms))
        ]


def test_invented_candles_and_all_indications_from_a_time_on_are_deleted(
    database: Database,
) -> None:
    connection_id = add_connection(database)
    batch = Batch()
    for symbol in ("A/USDT", "B/USDT"):
        for number, source in enumerate(("stream", "synthetic", "stream")):
            candle = Candle(number * M, 1.0, 1.0, 1.0, 1.0, 1.0)
            batch.candle(connection_id, symbol, "1m", candle, source)
            batch.indication(connection_id, symbol, "1m", number * M, {"sma(2)": 1.0}, source)
    with database.write() as transaction:
        batch.write(transaction)
    again = Batch()
    again.forget_invented(connection_id, "A/USDT", M)
    again.candle(connection_id, "A/USDT", "1m", Candle(M, 2.0, 2.0, 2.0, 2.0, 1.0), "rest")
    with database.write() as transaction:
        again.write(transaction)
    assert rows(database, CANDLES)[:3] == [
        ("A/USDT", "1m", 0, "stream"),
        ("A/USDT", "1m", 1, "rest"),
        ("A/USDT", "1m", 2, "stream"),
    ]
    assert [row[:3] for row in rows(database, INDICATIONS)] == [
        ("A/USDT", "1m", 0),
        *(("B/USDT", "1m", number) for number in range(3)),
    ]
    assert len(rows(database, CANDLES)) == 6
