"""Fills are the truth: an entry's fill opens a position, an exit's fill closes it and books PnL."""

from dataclasses import replace

from cts_tui.engine.book import LivePosition
from cts_tui.engine.context import EngineContext
from cts_tui.engine.requests import EntryRequest, ExitRequest, Request
from cts_tui.model.money import gross_pnl, money_text
from cts_tui.model.records import Fill
from cts_tui.model.trade import Trade
from cts_tui.model.trading import Actor, EventKind, ExitReason, PositionStatus, SignalStatus
from cts_tui.rules.protection import Protection


def record_position(context: EngineContext, position: LivePosition) -> None:
    """Record the state of an open position."""
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


def open_position(context: EngineContext, entry: EntryRequest, fill: Fill) -> None:
    """Open the position that an entry has bought, protected from this moment on."""
    signal = entry.signal
    quote = context.market.quotes.get(fill.symbol)
    position = LivePosition(
        key=fill.client_order_id,
        strategy=signal.strategy,
        symbol=signal.symbol,
        timeframe=signal.timeframe,
        side=signal.side,
        quantity=fill.quantity,
        entry_price=fill.price,
        entry_time_ms=fill.time_ms,
        fees=fill.fee,
        protection=Protection.at_entry(entry.spec, signal.side, fill.price),
        source=quote.source if quote else signal.source,
        is_live=context.setup.live,
    )
    context.book.add(position)
    record_position(context, position)
    what = f"opened {_described(position)} at {money_text(fill.price)} by {position.strategy}"
    _tell(context, position, what, before="flat", after=position.side)


def close_position(context: EngineContext, request: ExitRequest, fill: Fill) -> None:
    """Close a position: its PnL is realized, net of the fees of both sides."""
    position = request.position
    context.book.remove(position)
    trade = _trade(position, request.reason, fill)
    position.status = PositionStatus.CLOSED
    record = replace(
        position.record(),
        fees=trade.fees,
        pnl=trade.pnl,
        exit_price=fill.price,
        exit_time_ms=fill.time_ms,
        exit_reason=request.reason,
    )
    context.recorder.batch.position(context.setup.id, record, context.now_ms())
    context.account.book(position.holder, trade.pnl)
    context.on_trade(position.holder, trade)
    what = (
        f"closed {_described(position)} at {money_text(fill.price)}, {request.reason}, "
        f"PnL {trade.pnl:+.2f}"
    )
    _tell(context, position, what, before=position.side, after="flat")


def _described(position: LivePosition) -> str:
    return f"{position.side} {position.quantity:.8g} {position.symbol}"


def _tell(
    context: EngineContext, position: LivePosition, message: str, *, before: str, after: str
) -> None:
    """Leave an event of a position that opened or closed (S13)."""
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


def _trade(position: LivePosition, reason: ExitReason, fill: Fill) -> Trade:
    fees = position.fees + fill.fee
    gross = gross_pnl(position.side, position.quantity, position.entry_price, fill.price)
    return Trade(
        direction=position.side,
        entry_time_ms=position.entry_time_ms,
        entry_price=position.entry_price,
        exit_time_ms=fill.time_ms,
        exit_price=fill.price,
        quantity=position.quantity,
        fees=fees,
        pnl=gross - fees,
        exit_reason=reason,
    )
