"""What one cycle of an engine writes, collected and then written in one transaction."""

from collections.abc import Callable, Sequence
from dataclasses import fields
from decimal import Decimal
from operator import attrgetter
from typing import Any, Final

import orjson
from sqlalchemy import Connection, Executable, Table, bindparam, func, update
from sqlalchemy.dialects.postgresql import insert as postgresql_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert

from cts_tui.clock import utc_from_ms
from cts_tui.model.market import Candle
from cts_tui.model.records import Fill, Order, PositionRecord, Signal
from cts_tui.model.trading import EngineStatus, SignalStatus
from cts_tui.store.tables import (
    CANDLES,
    ENGINE_STATES,
    EVENTS,
    FILLS,
    INDICATIONS,
    LATEST_PRICES,
    ORDERS,
    POSITIONS,
    SIGNALS,
)

Row = dict[str, Any]


def _upsert(
    table: Table, key: str, *keep: str, lasting: Sequence[str] = ()
) -> dict[str, Executable]:
    """Return, by dialect, an insert that updates all but `key` and `keep` where the row exists.

    What is `lasting` stays where the new value is null.
    """
    statements: dict[str, Executable] = {}
    keys = key.split(",")
    for dialect, insert in (("sqlite", sqlite_insert), ("postgresql", postgresql_insert)):
        statement = insert(table)
        changed: dict[str, Any] = {
            column.name: statement.excluded[column.name]
            for column in table.columns
            if column.name not in {*keys, *keep, "id"}
        }
        for name in lasting:
            changed[name] = func.coalesce(statement.excluded[name], table.c[name])
        statements[dialect] = statement.on_conflict_do_update(index_elements=keys, set_=changed)
    return statements


def _insert_once(table: Table) -> dict[str, Executable]:
    """Return, by dialect, an insert that leaves a row that exists as it is."""
    return {
        "sqlite": sqlite_insert(table).on_conflict_do_nothing(),
        "postgresql": postgresql_insert(table).on_conflict_do_nothing(),
    }


def _always(statement: Executable) -> dict[str, Executable]:
    return {"sqlite": statement, "postgresql": statement}


_SERIES_KEY: Final = "connection_id,symbol,timeframe,time_ms"

STATEMENTS: Final[dict[str, dict[str, Executable]]] = {
    "candles": _upsert(CANDLES, _SERIES_KEY),
    "indications": _insert_once(INDICATIONS),
    "latest_prices": _upsert(LATEST_PRICES, "connection_id,symbol"),
    "signals": _insert_once(SIGNALS),
    "signal_status": _always(
        update(SIGNALS)
        .where(
            SIGNALS.c.connection_id == bindparam("b_connection_id"),
            SIGNALS.c.strategy == bindparam("b_strategy"),
            SIGNALS.c.symbol == bindparam("b_symbol"),
            SIGNALS.c.timeframe == bindparam("b_timeframe"),
            SIGNALS.c.time_ms == bindparam("b_time_ms"),
            SIGNALS.c.side == bindparam("b_side"),
            SIGNALS.c.status == SignalStatus.NEW,
        )
        .values(status=bindparam("b_status"), reason=bindparam("b_reason"))
    ),
    "intents": _always(sqlite_insert(ORDERS)),
    "orders": _upsert(ORDERS, "client_order_id", "created_at"),
    "fills": _insert_once(FILLS),
    "positions": _upsert(POSITIONS, "key", "opened_at", "close_requested_at"),
    "engine_states": _upsert(
        ENGINE_STATES, "connection_id", "restarts", lasting=("last_error", "last_error_at")
    ),
    "engine_failures": _always(
        update(ENGINE_STATES)
        .where(ENGINE_STATES.c.connection_id == bindparam("b_connection_id"))
        .values(
            status=EngineStatus.FAILED,
            restarts=ENGINE_STATES.c.restarts + 1,
            last_error=bindparam("b_error"),
            last_error_at=bindparam("b_time"),
        )
    ),
    "events": _always(sqlite_insert(EVENTS)),
}
"""Every statement an engine writes with, in the order in which one batch executes them."""


def _reader(record: type) -> Callable[[Any], Row]:
    """Return what reads a record's fields into a row (`dataclasses.asdict` copies deeply)."""
    names = tuple(field.name for field in fields(record))
    get = attrgetter(*names)
    return lambda value: dict(zip(names, get(value), strict=True))


_order_fields: Final = _reader(Order)
_fill_fields: Final = _reader(Fill)
_signal_fields: Final = _reader(Signal)
_position_fields: Final = _reader(PositionRecord)


class Batch:
    """Rows of one transaction. Not thread-safe: one engine fills it, then hands it over."""

    def __init__(self) -> None:
        self.rows: dict[str, list[Row]] = {}
        self._written: dict[str, Row] = {}
        """Rows of orders and positions by key: a newer state replaces one not yet written."""

    def __len__(self) -> int:
        return sum(map(len, self.rows.values()))

    def write(self, connection: Connection) -> None:
        """Execute every statement with its rows, in the order of STATEMENTS."""
        dialect = connection.dialect.name
        for name, statements in STATEMENTS.items():
            rows = self.rows.get(name)
            if rows:
                connection.execute(statements[dialect], rows)

    def _of(self, statement: str) -> list[Row]:
        return self.rows.setdefault(statement, [])

    def candle(
        self, connection_id: int, symbol: str, timeframe: str, candle: Candle, source: str
    ) -> None:
        """Record a closed candle."""
        time_ms, open_, high, low, close, volume = candle
        self._of("candles").append(
            {
                "connection_id": connection_id,
                "symbol": symbol,
                "timeframe": timeframe,
                "time_ms": time_ms,
                "open": open_,
                "high": high,
                "low": low,
                "close": close,
                "volume": volume,
                "source": source,
            }
        )

    def indication(
        self,
        connection_id: int,
        symbol: str,
        timeframe: str,
        time_ms: int,
        values: dict[str, float],
        source: str,
    ) -> None:
        """Record the indicators' values at one candle; a second row for the candle is dropped."""
        self._of("indications").append(
            {
                "connection_id": connection_id,
                "symbol": symbol,
                "timeframe": timeframe,
                "time_ms": time_ms,
                "values": orjson.dumps(values).decode(),
                "source": source,
            }
        )

    def latest_price(
        self,
        connection_id: int,
        symbol: str,
        price: Decimal,
        time_ms: int,
        source: str,
        *,
        is_stale: bool = False,
    ) -> None:
        """Overwrite the newest price of a symbol."""
        self._of("latest_prices").append(
            {
                "connection_id": connection_id,
                "symbol": symbol,
                "price": price,
                "time_ms": time_ms,
                "source": source,
                "is_stale": is_stale,
            }
        )

    def signal(
        self, connection_id: int, signal: Signal, status: SignalStatus, created_ms: int
    ) -> None:
        """Record a signal; one that is known already stays as it is."""
        row = _signal_fields(signal)
        row |= {
            "connection_id": connection_id,
            "status": status,
            "created_at": utc_from_ms(created_ms),
        }
        self._of("signals").append(row)

    def signal_status(
        self, connection_id: int, signal: Signal, status: SignalStatus, reason: str
    ) -> None:
        """Record what became of a signal; what was recorded first stays."""
        self._of("signal_status").append(
            {
                "b_connection_id": connection_id,
                "b_strategy": signal.strategy,
                "b_symbol": signal.symbol,
                "b_timeframe": signal.timeframe,
                "b_time_ms": signal.time_ms,
                "b_side": signal.side,
                "b_status": status,
                "b_reason": reason,
            }
        )

    def intent(self, connection_id: int, order: Order) -> None:
        """Record a new order. The transaction fails where its client order id is taken (S4)."""
        row = self._written[order.client_order_id] = _order_row(connection_id, order)
        self._of("intents").append(row)

    def order(self, connection_id: int, order: Order) -> None:
        """Record the new state of an order."""
        self._replace("orders", order.client_order_id, _order_row(connection_id, order))

    def _replace(self, statement: str, key: str, row: Row, *keep: str) -> None:
        """Queue the newest state of a row; of a state that waits, only `keep` stays."""
        waiting = self._written.get(key)
        if waiting is None:
            self._written[key] = row
            self._of(statement).append(row)
        else:
            waiting |= row | {name: waiting[name] for name in keep}

    def fill(self, connection_id: int, fill: Fill) -> None:
        """Record a fill; one that is known already is not counted twice."""
        row = _fill_fields(fill)
        del row["venue_order_id"]
        self._of("fills").append({**row, "connection_id": connection_id})

    def position(self, connection_id: int, position: PositionRecord, now_ms: int) -> None:
        """Record the state of a position."""
        row = _position_fields(position)
        closed_ms = position.exit_time_ms
        row |= {
            "connection_id": connection_id,
            "opened_at": utc_from_ms(now_ms),
            "closed_at": None if closed_ms is None else utc_from_ms(now_ms),
            "close_requested_at": None,
        }
        self._replace("positions", f"position {position.key}", row, "opened_at")

    def engine_state(
        self,
        connection_id: int,
        *,
        status: EngineStatus,
        heartbeat_ms: int,
        started_ms: int,
        last_error: str | None,
        last_error_ms: int | None,
        feed_source: str | None,
        figures: dict[str, Any],
    ) -> None:
        """Record what the engine of a connection says of itself."""
        self._of("engine_states").append(
            {
                "connection_id": connection_id,
                "status": status,
                "heartbeat_at": utc_from_ms(heartbeat_ms),
                "started_at": utc_from_ms(started_ms),
                "last_error": last_error,
                "last_error_at": None if last_error_ms is None else utc_from_ms(last_error_ms),
                "feed_source": feed_source,
                "figures": figures,
                "restarts": 0,
            }
        )

    def engine_failure(self, connection_id: int, error: str, time_ms: int) -> None:
        """Record that the engine of a connection has failed and will be started again."""
        self._of("engine_failures").append(
            {
                "b_connection_id": connection_id,
                "b_error": error,
                "b_time": utc_from_ms(time_ms),
            }
        )

    def event(
        self,
        *,
        time_ms: int,
        who: str,
        kind: str,
        subject: str,
        message: str,
        before: str | None = None,
        after: str | None = None,
    ) -> None:
        """Record a change of trading state (S13)."""
        self._of("events").append(
            {
                "time": utc_from_ms(time_ms),
                "who": who,
                "kind": kind,
                "subject": subject,
                "before": before,
                "after": after,
                "message": message,
            }
        )


def _order_row(connection_id: int, order: Order) -> Row:
    row = _order_fields(order)
    row["created_at"] = utc_from_ms(row.pop("created_ms"))
    row["updated_at"] = utc_from_ms(row.pop("updated_ms"))
    row["connection_id"] = connection_id
    return row
