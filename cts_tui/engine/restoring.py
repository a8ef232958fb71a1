"""What an engine takes up from the store before it begins: positions, orders, money, halts."""

from typing import Final

from cts_tui.engine.book import LivePosition
from cts_tui.engine.context import EngineContext
from cts_tui.engine.order_ids import entry_id
from cts_tui.engine.pipeline import Pipeline
from cts_tui.engine.requests import EntryRequest, ExitRequest
from cts_tui.engine.settlement import record_position
from cts_tui.model.market import timeframe_ms
from cts_tui.model.records import Order, Signal
from cts_tui.model.trading import (
    Actor,
    EventKind,
    ExitReason,
    OrderStatus,
    PositionStatus,
    SignalKind,
    SignalStatus,
)
from cts_tui.store import history, orders, positions, risk
from cts_tui.store.database import Database

_ANSWERED_MS: Final = 7 * 86_400_000
"""Signals of longer ago stay as they are."""


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


def answer_signals(context: EngineContext, pipeline: Pipeline, database: Database) -> None:
    """Give the signals a fate that an earlier engine gave and could not answer any more.

    An entry whose order is looked for waits for what is found; one that never had an order is too
    old by now. An exit is carried out: the rule may not ask for it again.
    """
    since_ms = context.now_ms() - _ANSWERED_MS
    with database.read() as transaction:
        unanswered = history.new_signals(transaction, context.setup.id, since_ms)
        for signal in unanswered:
            if signal.kind is SignalKind.EXIT:
                _exit_after_all(context, pipeline, signal)
            else:
                key = entry_id(context.store_id, context.setup.name, signal)
                order = orders.find_order(transaction, context.setup.id, key, "")
                _answer_entry(context, pipeline, signal, order)


def _exit_after_all(context: EngineContext, pipeline: Pipeline, signal: Signal) -> None:
    position = context.book.held(signal.holder)
    closed_ms = signal.time_ms + timeframe_ms(signal.timeframe)
    if position is None or position.side is not signal.side or position.entry_time_ms > closed_ms:
        _answer(context, signal, SignalStatus.REFUSED, "its position was closed otherwise")
    elif position.status is not PositionStatus.CLOSING:
        pipeline.execution.request(ExitRequest(position, ExitReason.RULE, signal=signal))
    else:
        _answer(context, signal, SignalStatus.EXECUTED, signal.reason)


def _answer_entry(
    context: EngineContext, pipeline: Pipeline, signal: Signal, order: Order | None
) -> None:
    if order is None:
        reason = "the engine stopped before it was acted on"
        _answer(context, signal, SignalStatus.REFUSED, reason)
    elif (working := pipeline.execution.working.find(order.client_order_id)) is not None:
        request = EntryRequest(signal, context.spec_of(signal.strategy))
        pipeline.execution.fates.wait(request, working)
    elif order.status is OrderStatus.REJECTED:
        _answer(context, signal, SignalStatus.REFUSED, order.answer)
    else:
        _answer(context, signal, SignalStatus.EXECUTED, signal.reason)


def _answer(context: EngineContext, signal: Signal, status: SignalStatus, reason: str) -> None:
    context.recorder.batch.signal_status(context.setup.id, signal, status, reason)
