"""Execution: what strategies, levels and the trader ask for becomes orders, after risk."""

from collections import deque
from collections.abc import Iterable, Sequence

from cts_tui.engine.book import Holder, LivePosition
from cts_tui.engine.context import EngineContext
from cts_tui.engine.dispatch import Dispatch
from cts_tui.engine.entries import Entries
from cts_tui.engine.fates import Fates
from cts_tui.engine.last_moment import LastMoment
from cts_tui.engine.ledger import Ledger
from cts_tui.engine.processor import CycleReport, Processor
from cts_tui.engine.requests import (
    EntryRequest,
    ExitRequest,
    Request,
    entry_order,
    exit_again,
    exit_order,
    exit_refusal,
    is_owed,
)
from cts_tui.engine.reversals import Reversals
from cts_tui.engine.risk import Refusal, check_entry
from cts_tui.engine.sending import OrderSender
from cts_tui.engine.settlement import record_fate, record_position
from cts_tui.engine.working import Working, WorkingOrders
from cts_tui.model.records import Signal
from cts_tui.model.trading import (
    ExitReason,
    OrderPurpose,
    OrderStatus,
    PositionStatus,
    SignalStatus,
)
from cts_tui.rules.sizing import entry_cost
from cts_tui.venue.venue import NOTHING_NEW, Accepted, Rejected

_INTERVAL_S = 5.0
_SOON_S = 0.5
"""Until the next look at what was put off."""
_BROKEN_OFF = "not sent: the cycle was broken off before"


class Execution(Processor):
    """Carries out requests in the order in which they came; each becomes at most one order."""

    name = "execution"
    patience_s = 30.0

    def __init__(self, context: EngineContext) -> None:
        super().__init__()
        self.interval_s = _INTERVAL_S
        self._context = context
        self._requests: deque[Request] = deque()
        self._entering: set[Holder] = set()
        self._reversals = Reversals(self.wake)
        self.working = WorkingOrders(self._settled)
        self.sender = OrderSender(context, self.working, self.figures)
        self.ledger = Ledger(
            context,
            self.working,
            self.sender,
            on_closed=self._reversals.closed,
            on_stray=lambda what: self.figures.record_error(what, context.now_ms()),
        )
        self.fates = Fates(context, self._accepted)
        self.refused = 0
        self._dispatch = Dispatch(self._sent)
        self.last_moment = LastMoment(context, self.working, self.sender, self.figures)

    @property
    def entries(self) -> Entries | None:
        """The trader's limits, and the entries that rest; None in a replay."""
        return self.last_moment.entries

    def request(self, request: Request) -> None:
        """Queue what a strategy or the trader asks for, and wake the processor."""
        self._requests.append(request)
        self.wake()

    def entering(self, holder: Holder) -> None:
        """Let no further entry of `holder` out while one of before the restart is on its way."""
        self._entering.add(holder)

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
        self.fates.tell()
        await self.reverse()
        self._context.recorder.flush_when_full()
        self.interval_s = _SOON_S if self._requests else _INTERVAL_S
        return CycleReport(len(requests))

    async def carry_out(self, requests: Sequence[Request]) -> None:
        """Check the risk, record all intents in one durable transaction, then send, in order (S4).

        A request that risk, the store or the venue refuses leaves its reason and stops no other.
        """
        if self.entries is not None:
            self.entries.begin()
        prepared = [
            (request, working)
            for request in requests
            if (working := self._prepare(request)) is not None
        ]
        left = deque(prepared)
        try:
            faults = await self.sender.record([working for _, working in prepared])
            for (request, working), reason in zip(prepared, faults, strict=True):
                if reason is not None:
                    self._put_off(request, reason)
                elif working.order.is_live:
                    self._dispatch.start(
                        request, working.order.symbol, self._send(request, working)
                    )
                else:
                    await self._send(request, working)
                left.popleft()
        finally:
            self._break_off(left)
        await self._dispatch.begun()

    def _break_off(self, left: Iterable[tuple[Request, Working]]) -> None:
        """Refuse what was prepared and is not sent any more: the cycle was ended in its midst."""
        for request, working in left:
            if working.order.status in (OrderStatus.INTENT, OrderStatus.CANCELLED):
                self.sender.end(working, OrderStatus.CANCELLED, _BROKEN_OFF)
                self._put_off(request, _BROKEN_OFF)

    async def reverse(self) -> bool:
        """Send the entries whose exits have filled; return whether there were any."""
        freed = self._reversals.freed()
        self._entering.difference_update(request.signal.holder for request in freed)
        if freed:
            await self.carry_out(freed)
        return bool(freed)

    def book_fills(self) -> None:
        """Book what the venues have told of, oldest first."""
        for venue in self._context.venues:
            updates = venue.take_updates()
            if updates is not NOTHING_NEW:
                self.ledger.take(updates)
                self._context.on_booked()

    def _prepare(self, request: Request) -> Working | None:
        """Return the order of a request; None when it is refused, waits, or is not needed."""
        if isinstance(request, EntryRequest):
            return self._prepare_entry(request)
        position, now_ms = request.position, self._context.now_ms()
        is_gone = self._context.book.get(position.key) is not position
        if is_gone or position.status is PositionStatus.CLOSING:
            record_fate(self._context, request, SignalStatus.REFUSED, "it is closed already")
            return None
        if position.is_waiting(now_ms):  # a moment ago it was refused
            if request.reason is ExitReason.RULE:
                self._requests.append(request)
            return None
        refusal = exit_refusal(self._context, request)
        if refusal is not None:
            self._not_now(request, refusal.reason)
            return None
        position.status = PositionStatus.CLOSING
        position.exit_attempts += 1
        return Working(exit_order(self._context, request))

    def _prepare_entry(self, request: EntryRequest) -> Working | None:
        context, signal = self._context, request.signal
        holder = signal.holder
        if holder in self._entering:  # two candles closed before the first could be acted on
            record_fate(context, request, SignalStatus.REFUSED, "an entry is on its way already")
            return None
        refusal = self._refusal(signal)
        if refusal is not None:
            self._refuse(request, refusal.reason)
            return None
        self._entering.add(holder)
        held = context.book.held(holder)
        if held is not None:  # it is being closed
            self._reversals.wait(held.key, request)
            return None
        equity = context.account.equity(holder, is_live=context.setup.live)
        cost = entry_cost(request.spec.size, equity, request.spec.stop_loss_pct)
        if not cost:
            self._refuse(request, f"the size of the entry is 0 at an equity of {equity}")
            return None
        order = entry_order(context, request, cost)
        refusal = None if self.entries is None else self.entries.refusal(order, request)
        if refusal is not None:
            self._refuse(request, refusal.reason)
            return None
        return Working(order, request.spec)

    def _refusal(self, signal: Signal) -> Refusal | None:
        """Return why the entry of a signal may not go out, None when it may."""
        if self.working.has_unknown(signal.symbol):
            return Refusal("an order on this symbol has an unknown outcome")
        held = self._context.book.held(signal.holder)
        if held is not None and held.status is not PositionStatus.CLOSING:
            return Refusal("the strategy holds a position on this symbol already")
        return check_entry(self._context.entry_situation(signal))

    async def _send(self, request: Request, working: Working) -> None:
        """Send one order, and note what became of the request behind it."""
        reason = await self.last_moment.fault(request, working)
        if reason is not None:
            self.sender.end(working, OrderStatus.CANCELLED, reason)
            self._not_now(request, reason)
            return
        answer = await self.sender.send(working)
        if isinstance(answer, Rejected):
            self._not_now(request, f"rejected by the venue: {answer.reason}")
        elif isinstance(answer, Accepted):
            self._accepted(request, working)
        else:
            self.fates.wait(request, working)

    def _accepted(self, request: Request, working: Working) -> None:
        record_fate(self._context, request, SignalStatus.EXECUTED)
        if isinstance(request, ExitRequest):
            record_position(self._context, request.position)
        elif self.entries is not None:
            self.entries.placed(request, working)

    def _sent(self, error: BaseException | None) -> None:
        """Go on after a live order was sent, answered or not."""
        if error is not None:
            self.figures.record_error(error, self._context.now_ms())
        self.wake()

    def _refuse(self, request: Request, reason: str) -> None:
        """Leave the reason of a request that is not carried out; an exit may be asked for again."""
        self.refused += 1
        if isinstance(request, EntryRequest):
            self._entering.discard(request.signal.holder)
        else:
            self._reopen(request.position)
            request.position.wait_longer(self._context.now_ms())
        record_fate(self._context, request, SignalStatus.REFUSED, reason)

    def _put_off(self, request: Request, reason: str) -> None:
        """Refuse a request, except a rule's exit: the rule may not fire again, so it is kept.

        A level is touched again, and the trader's wish stands until it is done.
        """
        if isinstance(request, ExitRequest) and request.reason is ExitReason.RULE:
            self._reopen(request.position)
            self._requests.append(request)
        else:
            self._refuse(request, reason)

    def _not_now(self, request: Request, reason: str) -> None:
        """Refuse a request; a rule's exit of real money waits, but nothing that was made up."""
        if isinstance(request, EntryRequest) or not is_owed(request):
            self._refuse(request, reason)
        else:
            request.position.wait_longer(self._context.now_ms())
            self._put_off(request, reason)

    def _reopen(self, position: LivePosition) -> None:
        """Let a position that could not be closed stay open; what waited for it is refused."""
        position.status = PositionStatus.OPEN
        record_position(self._context, position)
        waiting = self._reversals.still_open(position.key)
        if waiting is not None:
            self._refuse(waiting, "the position to close first is still open")

    def _settled(self, working: Working) -> None:
        """Go on after an order that is over: its holder is free, or its position closed or open."""
        is_entry = working.order.purpose is OrderPurpose.ENTRY
        if is_entry and working.holder not in self.working.entering():
            self._entering.discard(working.holder)
        if not is_entry or working.order.is_live:
            self.ledger.conclude(working)
        again = None if is_entry else exit_again(self._context, working.order)
        if again is not None:
            self.request(again)

    async def abandon(self) -> None:
        """Cancel what rests and must not rest alone (the engine stops, or a replay ends)."""
        await self._dispatch.close()
        for working in await self.sender.abandon():
            position = self._context.book.get(working.order.position_key)
            if position is not None:
                self._reopen(position)
