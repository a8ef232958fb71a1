"""What one cycle of an engine writes, collected and then written in one transaction."""

from decimal import Decimal
from typing import Any, Final

import orjson
from sqlalchemy import ColumnElement, Connection, Table, bindparam, delete, update
from sqlalchemy.dialects.sqlite import insert as sqlite_insert

from cts_tui.clock import utc_from_ms
from cts_tui.model.market import Candle, Source
from cts_tui.model.records import Fill, Order, PositionRecord, Signal
from cts_tui.model.trading import EngineStatus, SignalStatus
from cts_tui.store.external_rows import EXTERNAL_STATEMENTS, ExternalRows
from cts_tui.store.risk_rows import RISK_STATEMENTS
from cts_tui.store.state_rows import OrderState, PositionState, Row, reader
from cts_tui.store.statements import Statements, always, insert_once, upsert
from cts_tui.store.tables import (
    BALANCES,
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

_SERIES_KEY: Final = "connection_id,symbol,timeframe,time_ms"


def _since(table: Table) -> ColumnElement[bool]:
    """Return the condition for the rows of one symbol, in every timeframe, from a time on."""
    return (
        (table.c.connection_id == bindparam("b_connection_id"))
        & (table.c.symbol == bindparam("b_symbol"))
        & (table.c.time_ms >= bindparam("b_since_ms"))
    )


STATEMENTS: Final[dict[str, Statements]] = {
    "invented_candles": always(
        delete(CANDLES).where(_since(CANDLES), CANDLES.c.source == Source.SYNTHETIC)
    ),
    "invented_indications": always(delete(INDICATIONS).where(_since(INDICATIONS))),
    "candles": upsert(CANDLES, _SERIES_KEY),
    "indications": insert_once(INDICATIONS),
    "latest_prices": upsert(LATEST_PRICES, "connection_id,symbol"),
    "signals": insert_once(SIGNALS),
    "signal_status": always(
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
    "intents": always(sqlite_insert(ORDERS)),
    "orders": upsert(ORDERS, "client_order_id", "created_at"),
    "fills": insert_once(FILLS),
    "positions": upsert(POSITIONS, "key", "opened_at", "close_requested_at"),
    "balances": upsert(BALANCES, "connection_id,is_live,currency"),
    "engine_states": upsert(
        ENGINE_STATES, "connection_id", "restarts", lasting=("last_error", "last_error_at")
    ),
    "engine_failures": always(
        update(ENGINE_STATES)
        .where(ENGINE_STATES.c.connection_id == bindparam("b_connection_id"))
        .values(
            status=EngineStatus.FAILED,
            restarts=ENGINE_STATES.c.restarts + 1,
            last_error=bindparam("b_error"),
            last_error_at=bindparam("b_time"),
        )
    ),
    **EXTERNAL_STATEMENTS,
    **RISK_STATEMENTS,
    "events": always(sqlite_insert(EVENTS)),
}
"""Every statement an engine writes with, in the order in which one batch executes them."""


_fill_fields: Final = reader(Fill)
_signal_fields: Final = reader(Signal)
_STATES: Final = frozenset(("intents", "orders", "positions"))
"""The statements whose rows are made when they are written."""


class Batch(ExternalRows):
    """Rows of one transaction. Not thread-safe: one engine fills it, then hands it over."""

    def __init__(self) -> None:
        super().__init__()
        self._written: dict[str, Row] = {}
        """Rows by key: a newer one replaces one not yet written."""
        self._orders: dict[str, OrderState] = {}
        self._positions: dict[str, PositionState] = {}

    def __len__(self) -> int:
        return sum(map(len, self.rows.values()))

    def write(self, connection: Connection) -> None:
        """Execute every statement with its rows, in the order of STATEMENTS.

        Raises StoreError where a fence is not kept: nothing is written then.
        """
        self.check_fences(connection)
        dialect = connection.dialect.name
        for name, statements in STATEMENTS.items():
            rows = self.rows.get(name)
            if rows:
                ready = [state.row() for state in rows] if name in _STATES else rows
                connection.execute(statements[dialect], ready)

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

    def forget_invented(self, connection_id: int, symbol: str, since_ms: int) -> None:
        """Delete a symbol's synthetic candles, and all its indications, from `since_ms` on.

        It comes before everything else of the batch.
        """
        row = {"b_connection_id": connection_id, "b_symbol": symbol, "b_since_ms": since_ms}
        self._of("invented_candles").append(row)
        self._of("invented_indications").append(row)

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
        state = self._orders[order.client_order_id] = OrderState(connection_id, order)
        self._of("intents").append(state)

    def order(self, connection_id: int, order: Order) -> None:
        """Record the new state of an order."""
        state = self._orders.get(order.client_order_id)
        if state is not None:
            state.order = order
            return
        state = self._orders[order.client_order_id] = OrderState(connection_id, order)
        self._of("orders").append(state)

    def _replace(self, statement: str, key: str, row: Row) -> None:
        """Queue the newest state of a row."""
        waiting = self._written.get(key)
        if waiting is None:
            self._written[key] = row
            self._of(statement).append(row)
        else:
            waiting |= row

    def fill(self, connection_id: int, fill: Fill) -> None:
        """Record a fill; one that is known already is not counted twice."""
        row = _fill_fields(fill)
        self._of("fills").append({**row, "connection_id": connection_id})

    def position(self, connection_id: int, position: PositionRecord, now_ms: int) -> None:
        """Record the state of a position."""
        state = self._positions.get(position.key)
        if state is not None:
            state.position, state.now_ms = position, now_ms
            return
        state = PositionState(connection_id, now_ms, position, now_ms)
        self._positions[position.key] = state
        self._of("positions").append(state)

    def balance(
        self,
        connection_id: int,
        currency: str,
        *,
        free: Decimal,
        used: Decimal,
        total: Decimal,
        time_ms: int,
        is_live: bool = True,
    ) -> None:
        """Record what the account at the venue, or the paper one, holds of a currency."""
        row = {
            "connection_id": connection_id,
            "is_live": is_live,
            "currency": currency,
            "free": free,
            "used": used,
            "total": total,
            "updated_at": utc_from_ms(time_ms),
        }
        self._replace("balances", f"balance {connection_id} {is_live} {currency}", row)

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
