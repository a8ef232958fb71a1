"""Execution: risk → order intent → venue → fills → position."""

from collections import deque
from dataclasses import dataclass, replace
from decimal import Decimal

from cts_tui.engine.book import Holder, LivePosition
from cts_tui.engine.context import EngineContext
from cts_tui.engine.order_ids import entry_id, exit_id
from cts_tui.engine.processor import CycleReport, Processor
from cts_tui.engine.risk import Refusal, check_entry
from cts_tui.errors import StoreError, UnknownOutcome
from cts_tui.model.money import gross_pnl
from cts_tui.model.records import Fill, Order, Signal
from cts_tui.model.strategy import StrategySpec
from cts_tui.model.trade import Trade
from cts_tui.model.trading import (
    ExitReason,
    OrderStatus,
    OrderType,
    PositionStatus,
    Side,
    SignalStatus,
)
from cts_tui.rules.protection import Protection, exit_order_type
from cts_tui.rules.sizing import entry_cost
from cts_tui.venue.venue import Rejected


@dataclass(frozen=True, slots=True)
class EntryRequest:
    """A signal to open a position, with the strategy that gave it."""

    signal: Signal
    spec: StrategySpec


@dataclass(frozen=True, slots=True)
class ExitRequest:
    """A position to close; `price` is that of the level that was touched, None: at market."""

    position: LivePosition
    reason: ExitReason
    price: Decimal | None = None
    signal: Signal | None = None


@dataclass(slots=True)
class _Working:
    """An order at the venue, and what it is for."""

    order: Order
    entry: EntryRequest | None = None
    exit: ExitRequest | None = None


class Execution(Processor):
    """Turns requests into orders and fills into positions; the only caller of the venue."""

    name = "execution"
    interval_s = 5.0

    def __init__(self, context: EngineContext) -> None:
        super().__init__()
        self._context = context
        self._requests: deque[EntryRequest | ExitRequest] = deque()
        self._working: dict[str, _Working] = {}
        self._entering: dict[Holder, str] = {}
        self._unknown: set[str] = set()
        self.orders = 0
        self.fills = 0
        self.refused = 0

    def request(self, request: EntryRequest | ExitRequest) -> None:
        """Queue what a strategy, a level or the trader asks for, and wake the processor."""
        self._requests.append(request)
        self.wake()

    def is_entering(self, holder: Holder) -> bool:
        """Return whether an entry of `holder` is on its way."""
        return holder in self._entering

    async def cycle(self) -> CycleReport:
        """Handle every request, in order; one that fails does not keep up the others."""
        handled = 0
        while self._requests:
            request = self._requests.popleft()
            try:
                await self._handle(request)
            except StoreError as error:
                self._refuse(request, Refusal(str(error)))
                self.figures.record_error(error, self._context.now_ms())
            handled += 1
        self.book_fills()
        self._context.recorder.flush_when_full()
        return CycleReport(handled)

    async def _handle(self, request: EntryRequest | ExitRequest) -> None:
        if isinstance(request, EntryRequest):
            await self._enter(request)
        else:
            await self.exit(request)

    async def _enter(self, request: EntryRequest) -> None:
        """Send the entry a signal asks for, if risk allows it."""
        signal = request.signal
        refusal = self._refusal(signal)
        if refusal is not None:
            self._refuse(request, refusal)
            return
        context = self._context
        holder = (signal.strategy, signal.symbol, signal.timeframe)
        cost = entry_cost(
            request.spec.size, context.account.equity(holder), request.spec.stop_loss_pct
        )
        if not cost:
            self._refuse(request, Refusal("the size of the entry is 0: no equity is left"))
            return
        order = self._entry_order(signal, cost)
        self._entering[holder] = order.client_order_id
        try:
            accepted = await self._submit(_Working(order, entry=request))
        except StoreError:
            del self._entering[holder]
            raise
        status = SignalStatus.EXECUTED if accepted else SignalStatus.REFUSED
        context.recorder.batch.signal_status(
            context.setup.id, signal, status, signal.reason if accepted else "rejected by the venue"
        )

    def _refusal(self, signal: Signal) -> Refusal | None:
        """Return why the entry of a signal may not go out, None when it may."""
        if signal.symbol in self._unknown:
            return Refusal("an order on this symbol has an unknown outcome")
        held = self._context.book.held((signal.strategy, signal.symbol, signal.timeframe))
        if held is not None and held.status is not PositionStatus.CLOSING:
            return Refusal("the strategy holds a position on this symbol already")
        return check_entry(self._context.entry_situation(signal.symbol, signal.timeframe))

    def _refuse(self, request: EntryRequest | ExitRequest, refusal: Refusal) -> None:
        """Leave a trace of a request that is not carried out; an exit may be asked for again."""
        self.refused += 1
        if isinstance(request, ExitRequest):
            request.position.status = PositionStatus.OPEN
        if request.signal is not None:
            self._context.recorder.batch.signal_status(
                self._context.setup.id, request.signal, SignalStatus.REFUSED, refusal.reason
            )

    def _entry_order(self, signal: Signal, cost: Decimal) -> Order:
        context = self._context
        key = entry_id(context.store_id, context.setup.name, signal)
        now_ms = context.now_ms()
        return Order(
            client_order_id=key,
            position_key=key,
            strategy=signal.strategy,
            symbol=signal.symbol,
            side=Side.to_open(signal.side),
            type=OrderType.MARKET,
            reduce_only=False,
            quantity=None,
            cost=cost,
            price=None,
            status=OrderStatus.INTENT,
            created_ms=now_ms,
            updated_ms=now_ms,
            reason=signal.reason,
        )

    async def exit(self, request: ExitRequest) -> None:
        """Send the order that closes a position. Raises StoreError when it cannot be recorded."""
        position = request.position
        is_gone = self._context.book.get(position.key) is not position
        if is_gone or position.status is PositionStatus.CLOSING:
            return
        position.status = PositionStatus.CLOSING
        position.exit_reason = request.reason
        position.exit_attempts += 1
        accepted = await self._submit(_Working(self._exit_order(request), exit=request))
        if not accepted:
            position.status = PositionStatus.OPEN
        self._record_position(position)
        if request.signal is not None:
            self._context.recorder.batch.signal_status(
                self._context.setup.id,
                request.signal,
                SignalStatus.EXECUTED if accepted else SignalStatus.REFUSED,
                request.signal.reason,
            )

    def _exit_order(self, request: ExitRequest) -> Order:
        position = request.position
        now_ms = self._context.now_ms()
        return Order(
            client_order_id=exit_id(position.key, position.exit_attempts),
            position_key=position.key,
            strategy=position.strategy,
            symbol=position.symbol,
            side=Side.to_close(position.side),
            type=_exit_type(request),
            reduce_only=True,
            quantity=position.quantity,
            cost=None,
            price=request.price,
            status=OrderStatus.INTENT,
            created_ms=now_ms,
            updated_ms=now_ms,
            reason=request.reason,
        )

    async def _submit(self, working: _Working) -> bool:
        """Record the intent durably, then send the order; return whether the venue took it (S4)."""
        context = self._context
        order = working.order
        await context.recorder.record_intent(order)
        self.orders += 1
        self._working[order.client_order_id] = working
        try:
            answer = await context.venue.submit(order)
        except UnknownOutcome as error:
            self._unknown.add(order.symbol)
            self._update(working, status=OrderStatus.UNKNOWN, reason=str(error))
            return True
        if isinstance(answer, Rejected):
            self._update(working, status=OrderStatus.REJECTED, reason=answer.reason)
            self._forget(working)
            return False
        self._update(working, status=OrderStatus.OPEN, venue_order_id=answer.venue_order_id)
        return True

    def _update(
        self,
        working: _Working,
        *,
        status: OrderStatus,
        venue_order_id: str | None = None,
        reason: str | None = None,
    ) -> None:
        """Record a new state of an order."""
        order = working.order
        working.order = replace(
            order,
            status=status,
            venue_order_id=venue_order_id or order.venue_order_id,
            reason=order.reason if reason is None else reason,
            updated_ms=self._context.now_ms(),
        )
        self._context.recorder.batch.order(self._context.setup.id, working.order)

    def _forget(self, working: _Working) -> None:
        """Drop an order that has ended."""
        self._working.pop(working.order.client_order_id, None)
        if working.entry is not None:
            signal = working.entry.signal
            self._entering.pop((signal.strategy, signal.symbol, signal.timeframe), None)

    def book_fills(self) -> int:
        """Book the venue's new fills, oldest first; return how many."""
        fills = self._context.venue.take_fills()
        for fill in fills:
            self._book(fill)
        return len(fills)

    def _book(self, fill: Fill) -> None:
        context = self._context
        working = self._working.get(fill.client_order_id)
        if working is None:
            lost = f"a fill of {fill.client_order_id}, which is no working order of this engine"
            self.figures.record_error(lost, context.now_ms())
            return
        self.fills += 1
        working.order = replace(
            working.order,
            status=OrderStatus.FILLED,
            venue_order_id=fill.venue_order_id,
            quantity=fill.quantity,
            filled=fill.quantity,
            average_price=fill.price,
            fees=fill.fee,
            updated_ms=context.now_ms(),
        )
        context.recorder.batch.order(context.setup.id, working.order)
        context.recorder.batch.fill(context.setup.id, fill)
        self._forget(working)
        if working.entry is not None:
            self._open(working.entry, fill)
        elif working.exit is not None:
            self._close(working.exit.position, working.exit.reason, fill)

    def _open(self, entry: EntryRequest, fill: Fill) -> None:
        """Open the position that an entry has bought."""
        context = self._context
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
            mark_price=fill.price,
            mark_time_ms=fill.time_ms,
        )
        context.book.add(position)
        self._record_position(position)

    def _close(self, position: LivePosition, reason: ExitReason, fill: Fill) -> None:
        """Close a position: its PnL is realized, net of the fees of both sides."""
        context = self._context
        context.book.remove(position)
        trade = _trade(position, reason, fill)
        position.status = PositionStatus.CLOSED
        record = replace(
            position.record(),
            fees=trade.fees,
            pnl=trade.pnl,
            mark_price=fill.price,
            mark_time_ms=fill.time_ms,
            exit_price=fill.price,
            exit_time_ms=fill.time_ms,
            exit_reason=reason,
        )
        context.recorder.batch.position(context.setup.id, record, context.now_ms())
        context.account.book(position.holder, trade.pnl)
        context.on_trade(position.holder, trade)

    async def abandon(self) -> None:
        """Cancel what rests at the venue (the engine stops, or a replay ends)."""
        for working in list(self._working.values()):
            if working.order.status is not OrderStatus.OPEN:
                continue
            if await self._context.venue.cancel(working.order.client_order_id):
                self._update(working, status=OrderStatus.CANCELLED, reason="the engine stopped")
                self._forget(working)
                if working.exit is not None:
                    working.exit.position.status = PositionStatus.OPEN
                    self._record_position(working.exit.position)

    def _record_position(self, position: LivePosition) -> None:
        context = self._context
        context.recorder.batch.position(context.setup.id, position.record(), context.now_ms())


def _exit_type(request: ExitRequest) -> OrderType:
    """Return how an exit may fill; where a replay ends nothing is sent, so nothing slips."""
    if request.price is None:
        return OrderType.MARKET
    return OrderType.LIMIT if request.reason is ExitReason.END else exit_order_type(request.reason)


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
