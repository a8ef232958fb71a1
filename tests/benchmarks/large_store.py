"""A large store: millions of candles, 100,000 closed positions with their orders and fills.

Its rows agree with each other, so that a verifier finds nothing to say of them.
"""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

from cts_tui.clock import iso_from_ms
from cts_tui.desk.desk import Desk
from cts_tui.model.money import money_text
from cts_tui.model.trading import Actor
from cts_tui.paths import DataFolder

START_MS: Final = int(datetime(2024, 1, 1, tzinfo=UTC).timestamp() * 1000)
_MINUTE_MS: Final = 60_000
_SYMBOLS: Final = tuple(f"S{number:02d}/USDT" for number in range(50))
_CHUNK: Final = 500_000
_FEE: Final = Decimal("0.1")
_ENTRY: Final = Decimal(100)


def make(
    root: Path, *, candles: int = 4_000_000, indications: int = 1_600_000, positions: int = 100_000
) -> DataFolder:
    """Fill a new data folder; with the usual numbers its database has 1 GB. Takes half a minute."""
    folder = DataFolder(root)
    Desk.open(folder, Actor.CLI).close()
    with closing(sqlite3.connect(folder.database, isolation_level=None)) as raw:
        raw.execute("PRAGMA synchronous=OFF")
        (connection_id,) = raw.execute("SELECT id FROM connections WHERE name = 'demo'").fetchone()
        _fill(raw, "candles", "100.5, 101.25, 99.75, 100.0, 12.5, 'stream'", candles, connection_id)
        _fill(raw, "indications", f"'{_VALUES}', 'stream'", indications, connection_id)
        _trade(raw, positions, connection_id)
        raw.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    return folder


_VALUES: Final = (
    '{"sma(10)":100.123456789,"sma(30)":100.234567891,"rsi(14)":55.123456789,'
    '"macd(12,26,9).macd":0.123456789,"macd(12,26,9).signal":0.12345678,'
    '"macd(12,26,9).hist":0.0000123456789}'
)


def _fill(raw: sqlite3.Connection, table: str, values: str, rows: int, connection_id: int) -> None:
    """Write `rows` of a series table, by time, for all symbols."""
    columns = {
        "candles": "(connection_id, symbol, timeframe, time_ms, open, high, low, close, volume,"
        " source)",
        "indications": '(connection_id, symbol, timeframe, time_ms, "values", source)',
    }[table]
    for first in range(0, rows, _CHUNK):
        raw.execute(
            "WITH RECURSIVE n(i) AS (SELECT ? UNION ALL SELECT i + 1 FROM n WHERE i < ?) "
            f"INSERT INTO {table} {columns} SELECT ?, printf('S%02d/USDT', i % ?), '1m', "
            f"? + i / ? * ?, {values} FROM n",
            (
                first, min(first + _CHUNK, rows) - 1, connection_id, len(_SYMBOLS),
                START_MS, len(_SYMBOLS), _MINUTE_MS,
            ),
        )  # fmt: skip


def _trade(raw: sqlite3.Connection, count: int, connection_id: int) -> None:
    """Write closed positions, with two signals, two orders, two fills and an event each."""
    raw.execute("BEGIN")
    for table, rows in {
        "signals": _signals(count, connection_id),
        "orders": _orders(count, connection_id),
        "fills": _fills(count, connection_id),
        "positions": _positions(count, connection_id),
        "events": _events(count),
    }.items():
        first = next(rows)
        names = ", ".join(first)
        places = ", ".join(f":{name}" for name in first)
        insert = f"INSERT INTO {table} ({names}) VALUES ({places})"
        raw.execute(insert, first)
        raw.executemany(insert, rows)
    raw.execute("COMMIT")


Row = dict[str, Any]


def _opened_ms(number: int) -> int:
    return START_MS + number * 2 * _MINUTE_MS


def _exit_price(number: int) -> Decimal:
    return Decimal("97.5") + Decimal(number * 37 % 551) / 100


def _symbol(number: int) -> str:
    return _SYMBOLS[number % len(_SYMBOLS)]


def _ids(number: int) -> tuple[str, str]:
    """Return the client order ids of a position's entry and exit."""
    return f"e{number:017d}", f"x{number:017d}"


def _signals(count: int, connection_id: int) -> Iterator[Row]:
    for number in range(count):
        for kind, offset_ms in (("entry", 0), ("exit", _MINUTE_MS)):
            yield {
                "connection_id": connection_id,
                "strategy": "sma-cross",
                "symbol": _symbol(number),
                "timeframe": "1m",
                "time_ms": _opened_ms(number) + offset_ms - _MINUTE_MS,
                "side": "long",
                "kind": kind,
                "price": "100",
                "reason": "crosses_above(sma(10), sma(30)) and rsi(14) < 70",
                "status": "executed" if number % 10 else "refused",
                "source": "stream",
                "created_at": iso_from_ms(_opened_ms(number) + offset_ms),
            }


def _orders(count: int, connection_id: int) -> Iterator[Row]:
    for number in range(count):
        entry_id, exit_id = _ids(number)
        legs = (
            (entry_id, "buy", "entry", _ENTRY, 0),
            (exit_id, "sell", "exit", _exit_price(number), _MINUTE_MS),
        )
        for client_order_id, side, purpose, price, offset_ms in legs:
            at = iso_from_ms(_opened_ms(number) + offset_ms)
            yield {
                "client_order_id": client_order_id,
                "venue_order_id": f"v{client_order_id}",
                "connection_id": connection_id,
                "position_key": entry_id,
                "strategy": "sma-cross",
                "symbol": _symbol(number),
                "side": side,
                "type": "market",
                "reduce_only": purpose == "exit",
                "quantity": "1",
                "status": "filled",
                "filled": "1",
                "average_price": money_text(price),
                "fees": money_text(_FEE),
                "reason": "",
                "time_in_force": "gtc",
                "purpose": purpose,
                "timeframe": "1m",
                "is_live": False,
                "answer": "",
                "created_at": at,
                "updated_at": at,
            }


def _fills(count: int, connection_id: int) -> Iterator[Row]:
    for number in range(count):
        entry_id, exit_id = _ids(number)
        legs = (
            (entry_id, "buy", _ENTRY, 0),
            (exit_id, "sell", _exit_price(number), _MINUTE_MS),
        )
        for client_order_id, side, price, offset_ms in legs:
            yield {
                "connection_id": connection_id,
                "client_order_id": client_order_id,
                "venue_trade_id": f"t{client_order_id}",
                "symbol": _symbol(number),
                "side": side,
                "quantity": "1",
                "price": money_text(price),
                "fee": money_text(_FEE),
                "fee_currency": "USDT",
                "venue_order_id": f"v{client_order_id}",
                "time_ms": _opened_ms(number) + offset_ms,
            }


def _positions(count: int, connection_id: int) -> Iterator[Row]:
    for number in range(count):
        opened_ms, exit_price = _opened_ms(number), _exit_price(number)
        closed_ms = opened_ms + _MINUTE_MS
        yield {
            "key": _ids(number)[0],
            "connection_id": connection_id,
            "strategy": "sma-cross",
            "symbol": _symbol(number),
            "timeframe": "1m",
            "side": "long",
            "status": "closed",
            "quantity": "1",
            "entry_price": money_text(_ENTRY),
            "entry_time_ms": opened_ms,
            "opened_at": iso_from_ms(opened_ms),
            "stop_price": "98",
            "target_price": "103",
            "is_trailing": False,
            "trailing_stop_pct": "0",
            "source": "stream",
            "is_live": False,
            "fees": money_text(2 * _FEE),
            "entered": "1",
            "entry_cost": money_text(_ENTRY),
            "exited": "1",
            "exit_value": money_text(exit_price),
            "paid_fees": money_text(2 * _FEE),
            "pnl": money_text(exit_price - _ENTRY - 2 * _FEE),
            "exit_price": money_text(exit_price),
            "exit_time_ms": closed_ms,
            "exit_reason": "rule",
            "closed_at": iso_from_ms(closed_ms),
        }


def _events(count: int) -> Iterator[Row]:
    for number in range(count):
        yield {
            "time": iso_from_ms(_opened_ms(number)),
            "who": "engine",
            "kind": "position",
            "subject": _ids(number)[0],
            "before": "open",
            "after": "closed",
            "message": f"closed long {_symbol(number)}: rule",
        }
