"""What an engine takes up from the store before it begins: positions, orders, money, halts."""

from cts_tui.engine.book import LivePosition
from cts_tui.engine.context import EngineContext
from cts_tui.engine.pipeline import Pipeline
from cts_tui.engine.settlement import record_position
from cts_tui.model.records import Order
from cts_tui.model.trading import Actor, EventKind, OrderStatus
from cts_tui.store import orders, positions, risk
from cts_tui.store.database import Database


def restore(context: EngineContext, pipeline: Pipeline, database: Database) -> list[Order]:
    """Take up what is stored; return the live orders that have not ended.

    Paper orders that were resting are gone with the venue.
    """
    connection_id = context.setup.id
    with database.read() as transaction:
        records = positions.open_records(transaction, connection_id)
        attempts = orders.exit_attempts(transaction, connection_id)
        unfinished = orders.unfinished_orders(transaction, connection_id)
        stops = orders.stop_attempts(transaction, connection_id)
        realized = {
            is_live: positions.realized_pnl(
                transaction, connection_id=connection_id, is_live=is_live
            )[0]
            for is_live in (False, True)
        }
        states = risk.states(transaction).get(connection_id, [])
    for record in records:
        position = LivePosition.restored(
            record, attempts.get(record.key, 0), stops.get(record.key, 0)
        )
        context.book.add(position)
        if record.status is not position.status:  # its close was under way
            record_position(context, position)
    for is_live, pnl in realized.items():
        context.account.book(("", "", ""), pnl, is_live=is_live)
    if pipeline.entries is not None:
        pipeline.entries.losses.restore(states)
    for order in unfinished:
        if not order.is_live:
            _expire(context, order)
    return [order for order in unfinished if order.is_live]


def _expire(context: EngineContext, order: Order) -> None:
    """End an order that rested in the memory of the paper venue of an earlier run."""
    batch = context.recorder.batch
    batch.order(context.setup.id, order.ended(OrderStatus.EXPIRED, "the engine restarted"))
    batch.event(
        time_ms=context.now_ms(),
        who=Actor.ENGINE,
        kind=EventKind.ORDER,
        subject=order.client_order_id,
        message=f"order on {order.symbol} expired: the paper venue restarted",
        before=order.status,
        after=OrderStatus.EXPIRED,
    )
