"""Fills are the truth: an entry's fills open a position, an exit's close it and book the PnL."""

from decimal import Decimal

from cts_tui.engine.book import LivePosition
from cts_tui.engine.context import EngineContext
from cts_tui.engine.requests import Request
from cts_tui.model.holding import FeeParts, Holding
from cts_tui.model.instrument import Instrument
from cts_tui.model.money import money_text, notional
from cts_tui.model.records import Fill, Order
from cts_tui.model.strategy import StrategySpec
from cts_tui.model.trade import Trade
from cts_tui.model.trading import (
    Actor,
    Direction,
    EventKind,
    ExitReason,
    MarketType,
    PositionStatus,
    Side,
    SignalStatus,
)
from cts_tui.rules.protection import Protection
from cts_tui.venue.steps import step_down


def record_position(context: EngineContext, position: LivePosition) -> None:
    """Record the state of an open position; one that has closed meanwhile is recorded already."""
    if context.book.get(position.key) is not position:
        return
    context.recorder.batch.position(context.setup.id, position.record(), context.now_ms())


def record_fate(
    context: EngineContext, request: Request, status: SignalStatus, reason: str | None = None
) -> None:
    """Record what became of the signal behind a request, if there is one."""
    signal = request.signal
    if signal is not None:
        context.recorder.batch.signal_status(
            context.setup.id, signal, status, reason or signal.reason
        )


def enter(
    context: EngineContext, order: Order, spec: StrategySpec, fill: Fill, fee: FeeParts
) -> LivePosition:
    """Open the position of an entry with its first fill, enlarge it with every further one.

    It is protected from this moment on; levels are measured from the average entry price.
    """
    position = context.book.get(order.position_key)
    if position is None:
        return _open(context, order, spec, fill, fee)
    position.holding.enter(fill, fee)
    entry_price = position.holding.entry_price
    if not position.protection.is_trailing:
        position.protection = Protection.at_entry(spec, position.side, entry_price)
        context.book.protect(position)
    record_position(context, position)
    what = f"enlarged {_described(position)} to an average of {money_text(entry_price)}"
    _tell(context, position, what, before=position.side, after=position.side)
    return position


def _open(
    context: EngineContext, order: Order, spec: StrategySpec, fill: Fill, fee: FeeParts
) -> LivePosition:
    quote = context.market.quotes.get(fill.symbol)
    side = Direction.LONG if order.side is Side.BUY else Direction.SHORT
    holding = Holding(side)
    holding.enter(fill, fee)
    position = LivePosition(
        key=order.position_key,
        strategy=order.strategy,
        symbol=order.symbol,
        timeframe=order.timeframe,
        entry_time_ms=fill.time_ms,
        holding=holding,
        protection=Protection.at_entry(spec, side, fill.price),
        source=quote.source if quote else "rest",
        is_live=order.is_live,
        unprotected_since_ms=context.now_ms() if order.is_live else None,
    )
    context.book.add(position)
    record_position(context, position)
    if context.is_recorded:
        return position
    what = f"opened {_described(position)} at {money_text(fill.price)} by {position.strategy}"
    _tell(context, position, what, before="flat", after=side)
    return position


def leave(
    context: EngineContext, position: LivePosition, reason: ExitReason, fill: Fill, fee: FeeParts
) -> bool:
    """Reduce a position by a fill; return whether that closed it."""
    position.holding.leave(fill, fee)
    if position.holding.held > 0:
        record_position(context, position)
        return False
    close(context, position, reason, fill.time_ms)
    return True


def close(
    context: EngineContext,
    position: LivePosition,
    reason: ExitReason,
    time_ms: int,
    *,
    status: PositionStatus = PositionStatus.CLOSED,
) -> None:
    """Close a position: its PnL is realized, net of the fees of both sides.

    What is still held of one that closes with dust is worth what it cost.
    """
    context.book.remove(position)
    trade = _trade(position, reason, time_ms)
    position.status = status
    position.unprotected_since_ms = None
    record = position.record(trade)
    context.recorder.batch.position(context.setup.id, record, context.now_ms())
    context.account.book(position.holder, trade.pnl, is_live=position.is_live)
    context.on_trade(position.holder, trade)
    if context.is_recorded:
        return
    what = (
        f"closed {_described(position)} at {money_text(trade.exit_price)}, {reason}, "
        f"PnL {trade.pnl:+.2f}"
    )
    _tell(context, position, what, before=position.side, after="flat")


def reopen(context: EngineContext, position: LivePosition) -> None:
    """Take up a position that was closed: a fill of it comes in late, so it was not, or not so.

    What was realized is taken back; it is booked anew when it closes.
    """
    context.account.book(position.holder, -position.holding.pnl(), is_live=position.is_live)
    position.status = PositionStatus.OPEN
    position.stop_order_id = position.target_order_id = None
    position.unprotected_since_ms = context.now_ms() if position.is_live else None
    context.book.add(position)
    record_position(context, position)
    what = f"took up {_described(position)} again: a fill came in late"
    _tell(context, position, what, before="flat", after=position.side)


def _described(position: LivePosition) -> str:
    return f"{position.side} {position.holding.quantity:.8g} {position.symbol}"


def _tell(
    context: EngineContext, position: LivePosition, message: str, *, before: str, after: str
) -> None:
    """Leave an event of a position that opened, grew or closed (S13)."""
    if context.is_recorded:
        return
    context.recorder.batch.event(
        time_ms=context.now_ms(),
        who=Actor.ENGINE,
        kind=EventKind.POSITION,
        subject=f"{context.setup.name}/{position.symbol}",
        message=message,
        before=before,
        after=after,
    )


def _trade(position: LivePosition, reason: ExitReason, time_ms: int) -> Trade:
    holding = position.holding
    return Trade(
        direction=position.side,
        entry_time_ms=position.entry_time_ms,
        entry_price=holding.entry_price,
        exit_time_ms=time_ms,
        exit_price=holding.exit_price or holding.entry_price,
        quantity=holding.quantity,
        fees=holding.fees,
        pnl=holding.pnl(),
        exit_reason=reason,
    )


def is_dust(held: Decimal, instrument: Instrument, price: Decimal) -> bool:
    """Return whether what is held is too little to be sold at the venue.

    On spot an order has a least notional too; what only reduces a swap is exempt from it.
    """
    if instrument.min_amount is not None and held < instrument.min_amount:
        return True
    if instrument.market is not MarketType.SPOT or instrument.min_cost is None:
        return False
    return notional(step_down(held, instrument.amount_step), price) < instrument.min_cost
