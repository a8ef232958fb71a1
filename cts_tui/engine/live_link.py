"""A connection's way to its account: takes up what was left there, then follows it."""

import asyncio
import logging
from dataclasses import replace
from datetime import timedelta
from typing import Any, Final

from cts_tui.clock import utc_from_ms
from cts_tui.engine.book import LivePosition
from cts_tui.engine.context import EngineContext
from cts_tui.engine.pipeline import Pipeline
from cts_tui.engine.sessions import SessionKeeper
from cts_tui.engine.working import Working
from cts_tui.errors import CtsError
from cts_tui.model.records import Order
from cts_tui.model.trading import OrderPurpose, OrderStatus, PositionStatus
from cts_tui.store import externals, orders, positions
from cts_tui.store.database import Database
from cts_tui.venue.ccxt_venue import CcxtVenue

LOG = logging.getLogger(__name__)
_AGAIN_S: Final = 1.0
_LATE: Final = timedelta(days=1)
"""Orders that were given up so long before a start may have filled while nobody looked."""


class LiveLink:
    """Only for connections of mode testnet or live; needs their credentials."""

    def __init__(
        self,
        context: EngineContext,
        pipeline: Pipeline,
        sessions: SessionKeeper,
        database: Database,
    ) -> None:
        self.last_error: str | None = None
        self._context = context
        self._pipeline = pipeline
        self._sessions = sessions
        self._database = database
        context.recall = self.recall
        context.recall_position = self.recall_position
        context.last_fill_ms = self.last_fill_ms

    def take_up(self, unfinished: list[Order]) -> None:
        """Go on with the live orders that an earlier engine left.

        One whose intent was recorded may have been sent: its outcome is not known (S5).
        """
        execution, reconciler = self._pipeline.execution, self._pipeline.reconciler
        if reconciler is not None:
            with self._database.read() as transaction:
                reconciler.externals.restore(externals.known(transaction, self._context.setup.id))
                since = utc_from_ms(self._context.now_ms()) - _LATE
                lost = orders.given_up_since(transaction, self._context.setup.id, since)
            for order in lost:
                reconciler.suspect(order)
        for order in unfinished:
            working = Working(order, sent_ms=order.created_ms)
            with self._database.read() as transaction:
                working.trade_ids = orders.trade_ids(transaction, order.client_order_id)
            execution.working.add(working)
            if order.status in (OrderStatus.INTENT, OrderStatus.SUBMITTING):
                answer = "the engine stopped while it was being sent"
                unknown = replace(order, status=OrderStatus.UNKNOWN, answer=answer)
                execution.sender.update(working, unknown)
                execution.sender.tell(unknown, answer, before=order.status)
            position = self._context.book.get(order.position_key)
            if order.purpose is OrderPurpose.ENTRY:
                execution.entering(working.holder)
            elif order.purpose is OrderPurpose.EXIT and position is not None:
                position.status = PositionStatus.CLOSING

    def recall(self, client_order_id: str, venue_order_id: str) -> Working | None:
        """Return a live order of this connection from the store, by either id."""
        if not client_order_id and not venue_order_id:
            return None
        with self._database.read() as transaction:
            order = orders.find_order(
                transaction, self._context.setup.id, client_order_id, venue_order_id
            )
            if order is None or not order.is_live:
                return None
            booked = orders.trade_ids(transaction, order.client_order_id)
        return Working(order, trade_ids=booked, sent_ms=order.created_ms)

    def last_fill_ms(self, symbol: str) -> int | None:
        """Return the venue's time of the newest live fill on a symbol that is stored."""
        with self._database.read() as transaction:
            return orders.last_fill_ms(transaction, self._context.setup.id, symbol)

    def recall_position(self, key: str) -> LivePosition | None:
        """Return a live position of this connection from the store, whose fill came in late."""
        connection_id = self._context.setup.id
        with self._database.read() as transaction:
            record = positions.record_of(transaction, connection_id, key)
            if record is None or not record.is_live:
                return None
            exits = orders.exit_attempts(transaction, connection_id)
            stops = orders.stop_attempts(transaction, connection_id)
        return LivePosition.restored(record, exits.get(key, 0), stops.get(key, 0))

    async def run(self) -> None:
        """Follow the account until cancelled; connect again for as long as it cannot be reached."""
        while True:
            try:
                await self._follow()
            except CtsError as error:
                self.last_error = str(error)
                await asyncio.sleep(max(_AGAIN_S, getattr(error, "wait_s", _AGAIN_S)))
            finally:
                self._context.live_venue = None

    async def _follow(self) -> None:
        """Offer the venue to execution once it can be reached, and hear what it tells."""
        context, pipeline = self._context, self._pipeline
        session = await self._sessions.obtain()
        if not session.has_credentials:
            self.last_error = "no credentials are stored: give them with connections edit"
            await asyncio.sleep(_AGAIN_S)
            return
        venue = CcxtVenue(
            session,
            context.symbols,
            wake=pipeline.execution.wake,
            interrupted=self._reconcile_again,
        )
        venue.follow(
            [working.order for working in pipeline.execution.working if working.order.is_live]
        )
        context.live_venue = venue
        self.last_error = None
        for processor in pipeline.watching:
            processor.wake()
        await venue.run()

    def _reconcile_again(self) -> None:
        """Have the account compared anew: a stream was cut, or is back."""
        if self._pipeline.reconciler is not None:
            self._pipeline.reconciler.again()

    def figures(self) -> dict[str, Any]:
        """Return what the screen shows of the account."""
        resolver = self._pipeline.resolver
        return {
            "is_reachable": self._context.live_venue is not None,
            "unknown_orders": 0 if resolver is None else resolver.unknown,
            "acknowledged": self._pipeline.execution.sender.acknowledged.as_row(),
            "error": self.last_error,
        }
