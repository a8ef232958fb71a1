"""Execution: risk → order intent → venue → fills; the only caller of the venue."""

from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from cts_tui.engine.book import Holder
from cts_tui.engine.context import EngineContext
from cts_tui.engine.processor import CycleReport, Processor
from cts_tui.engine.requests import EntryRequest, ExitRequest, Request, entry_order, exit_order
from cts_tui.engine.risk import Refusal, check_automatic_exit, check_entry, check_exit
from cts_tui.engine.settlement import (
    close_position,
    open_position,
    record_fate,
    record_position,
)
from cts_tui.errors import StoreError, UnknownOutcome, VenueError
from cts_tui.model.records import Fill, Order, Signal
from cts_tui.model.trading import ExitReason, OrderStatus, PositionStatus, SignalStatus
from cts_tui.rules.sizing import entry_cost
from cts_tui.venue.venue import Rejected


@dataclass(slots=True)
class _Working:
    """An order on its way or at the venue, and what it is for."""

    order: Order
    request: Request


class Execution(Processor):
    """Turns requests into orders, and the venue's answers and fills into rows."""

    name = "execution"
    interval_s = 5.0

    def __init__(self, context: EngineContext) -> None:
        super().__init__()
        self._context = context
        self._requests: deque[Request] = deque()
        self._working: dict[str, _Working] = {}
        self._entering: set[Holder] = set()
        self._reversals: dict[str, EntryRequest] = {}
        """Entries that wait until the position to close first, named by its key, is closed."""
        self._freed: list[EntryRequest] = []
        self.orders = 0
        self.fills = 0
        self.refused = 0

    def request(self, request: Request) -> None:
        """Queue what a strategy or the trader asks for, and wake the processor."""
        self._requests.append(request)
        self.wake()

    def is_entering(self, holder: Holder) -> bool:
        """Return whether an entry of `holder` is on its way."""
        return holder in self._entering

    async def cycle(self) -> CycleReport:
        """Carry out every request that waits, then book what has filled."""
        requests = list(self._requests)
        self._requests.clear()
        if requests:
            await self.carry_out(requests)
        self.book_fills()
        await self.reverse()
        self._context.recorder.flush_when_full()
        return CycleReport(len(requests))

    async def carry_out(self, requests: Sequence[Request]) -> None:
        """Check the risk, record all intents in one durable transaction, then send, in order (S4).

        A request that risk, the store or the venue refuses leaves its reason and stops no other.
        """
        prepared = [
            working for request in requests if (working := self._prepare(request)) is not None
        ]
        for working in await self._recorded(prepared):
            await self._send(working)

    async def reverse(self) -> bool:
        """Send the entries whose exits have filled; return whether there were any."""
        freed, self._freed = self._freed, []
        if freed:
            await self.carry_out(freed)
        return bool(freed)

    def _prepare(self, request: Request) -> _Working | None:
        """Return the order of a request; None when it is refused, or there is nothing to do."""
        if isinstance(request, EntryRequest):
            return self._prepare_entry(request)
        position = request.position
        is_gone = self._context.book.get(position.key) is not position
        if is_gone or position.status is PositionStatus.CLOSING:
            return None
        refusal = _exit_refusal(self._context, request)
        if refusal is not None:
            self._refuse(request, refusal.reason)
            return None
        position.status = PositionStatus.CLOSING
        position.exit_attempts += 1
        return _Working(exit_order(request, now_ms=self._context.now_ms()), request)

    def _prepare_entry(self, request: EntryRequest) -> _Working | None:
        context, signal = self._context, request.signal
        refusal = self._refusal(signal)
        if refusal is not None:
            self._refuse(request, refusal.reason)
            return None
        holder = _holder(signal)
        self._entering.add(holder)
        held = context.book.held(holder)
        if held is not None:  # it is being closed: only then is known what there is to spend
            self._reversals[held.key] = request
            return None
        equity = context.account.equity(holder)
        cost = entry_cost(request.spec.size, equity, request.spec.stop_loss_pct)
        if not cost:
            self._refuse(request, f"the size of the entry is 0 at an equity of {equity}")
            return None
        order = entry_order(
            request,
            cost,
            store_id=context.store_id,
            connection=context.setup.name,
            now_ms=context.now_ms(),
        )
        return _Working(order, request)

    def _refusal(self, signal: Signal) -> Refusal | None:
        """Return why the entry of a signal may not go out, None when it may."""
        if _has_unknown(self._working, signal.symbol):
            return Refusal("an order on this symbol has an unknown outcome")
        held = self._context.book.held(_holder(signal))
        if held is not None and held.status is not PositionStatus.CLOSING:
            return Refusal("the strategy holds a position on this symbol already")
        return check_entry(self._context.entry_situation(signal))

    def _refuse(self, request: Request, reason: str) -> None:
        """Leave the reason of a request that is not carried out; an exit may be asked for again."""
        self.refused += 1
        if isinstance(request, EntryRequest):
            self._entering.discard(_holder(request.signal))
        else:
            self._reopen(request)
        record_fate(self._context, request, SignalStatus.REFUSED, reason)

    def _reopen(self, request: ExitRequest) -> None:
        """Let a position that could not be closed stay open; what waited for it is refused."""
        position = request.position
        position.status = PositionStatus.OPEN
        record_position(self._context, position)
        waiting = self._reversals.pop(position.key, None)
        if waiting is not None:
            self._refuse(waiting, "the position to close first is still open")

    async def _recorded(self, prepared: list[_Working]) -> list[_Working]:
        """Make the intents durable; return the orders that may be sent.

        One that the store refuses, because its client order id is taken, keeps up no other.
        """
        try:
            await self._context.recorder.record_intents([working.order for working in prepared])
        except StoreError as error:
            if len(prepared) > 1:
                return [one for working in prepared for one in await self._recorded([working])]
            self.figures.record_error(error, self._context.now_ms())
            self._not_recorded(prepared[0].request, str(error))
            return []
        return prepared

    def _not_recorded(self, request: Request, reason: str) -> None:
        """Refuse a request, except a rule's exit: the rule may not fire again, so it is kept."""
        if isinstance(request, ExitRequest) and request.reason is ExitReason.RULE:
            request.position.status = PositionStatus.OPEN
            self._requests.append(request)
        else:
            self._refuse(request, reason)

    async def _send(self, working: _Working) -> None:
        """Send an order whose intent is on the disk, and record the venue's answer."""
        if isinstance(working.request, EntryRequest) and _has_unknown(
            self._working, working.order.symbol
        ):
            reason = "an order sent before it on this symbol has an unknown outcome"
            self._update(working, status=OrderStatus.CANCELLED, reason=reason)
            self._refuse(working.request, reason)
            return
        self.orders += 1
        self._working[working.order.client_order_id] = working
        try:
            answer = await self._context.venue.submit(working.order)
        except VenueError as error:
            answer = Rejected(str(error))
        except Exception as error:  # noqa: BLE001 - an adapter is a plug-in: it may have arrived
            if not isinstance(error, UnknownOutcome):
                self.figures.record_error(error, self._context.now_ms())
            self._update(working, status=OrderStatus.UNKNOWN, reason=str(error) or repr(error))
            return
        if isinstance(answer, Rejected):
            self._update(working, status=OrderStatus.REJECTED, reason=answer.reason)
            self._forget(working)
            self._refuse(working.request, f"rejected by the venue: {answer.reason}")
            return
        self._update(working, status=OrderStatus.OPEN, venue_order_id=answer.venue_order_id)
        record_fate(self._context, working.request, SignalStatus.EXECUTED)
        if isinstance(working.request, ExitRequest):
            record_position(self._context, working.request.position)

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
        if isinstance(working.request, EntryRequest):
            self._entering.discard(_holder(working.request.signal))

    def book_fills(self) -> None:
        """Book the venue's new fills, oldest first."""
        for fill in self._context.venue.take_fills():
            working = self._working.get(fill.client_order_id)
            if working is None:
                stray = f"a fill of {fill.client_order_id}, no working order of this engine"
                self.figures.record_error(stray, self._context.now_ms())
            else:
                self._book(working, fill)

    def _book(self, working: _Working, fill: Fill) -> None:
        context = self._context
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
        if isinstance(working.request, EntryRequest):
            open_position(context, working.request, fill)
        else:
            close_position(context, working.request, fill)
            reversal = self._reversals.pop(working.request.position.key, None)
            if reversal is not None:
                self._freed.append(reversal)
                self.wake()

    async def abandon(self) -> None:
        """Cancel what rests at the venue (the engine stops, or a replay ends)."""
        for working in list(self._working.values()):
            if working.order.status is not OrderStatus.OPEN:
                continue
            if await self._context.venue.cancel(working.order.client_order_id):
                self._update(working, status=OrderStatus.CANCELLED, reason="the engine stopped")
                self._forget(working)
                if isinstance(working.request, ExitRequest):
                    self._reopen(working.request)


def _holder(signal: Signal) -> Holder:
    return signal.strategy, signal.symbol, signal.timeframe


def _exit_refusal(context: EngineContext, request: ExitRequest) -> Refusal | None:
    """Return why a position may not be closed now; levels were checked when touched."""
    situation = context.exit_situation(request.position.symbol, request.signal)
    is_by_rule = request.reason is ExitReason.RULE
    return check_automatic_exit(situation) if is_by_rule else check_exit(situation)


def _has_unknown(working: Mapping[str, _Working], symbol: str) -> bool:
    """Return whether an order on `symbol` may have arrived without our knowing (S5)."""
    return any(
        one.order.status is OrderStatus.UNKNOWN and one.order.symbol == symbol
        for one in working.values()
    )
