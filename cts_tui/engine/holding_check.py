"""What the account holds against what our positions hold: positions of swaps, balances of spot."""

from collections.abc import Collection, Mapping
from decimal import Decimal
from typing import Final

from cts_tui.engine.book import LivePosition
from cts_tui.engine.context import EngineContext
from cts_tui.engine.elsewhere import ClosedElsewhere
from cts_tui.engine.externals import Externals, position_key
from cts_tui.engine.gaps import LONG, Agreement, Gap, gaps
from cts_tui.engine.guard_orders import GUARDS
from cts_tui.engine.working import Working, WorkingOrders
from cts_tui.model.external import ExternalKind
from cts_tui.model.money import ZERO
from cts_tui.model.records import Order
from cts_tui.model.trading import Direction, OrderStatus, OrderType
from cts_tui.venue.venue import Balances, Venue, VenuePosition

_AGREED_MS: Final = 2_000
"""So long a difference must stand before it is believed."""
_GUARD_MS: Final = 10_000
"""The same where a stop or target is being looked for, which may explain it."""
_ESTIMATE_MS: Final = 60_000
"""So long the venue may take to tell of the fills that closed a position."""
_PATIENCE_MS: Final = 600_000
"""So long the fills of an order that is over may be missing."""
_ON_ITS_WAY: Final = (OrderStatus.INTENT, OrderStatus.SUBMITTING, OrderStatus.UNKNOWN)

Held = Mapping[tuple[str, Direction], Decimal]


class HoldingCheck:
    """Believes a difference that two looks agree on, and has it explained."""

    def __init__(
        self,
        context: EngineContext,
        orders: WorkingOrders,
        externals: Externals,
        elsewhere: ClosedElsewhere,
    ) -> None:
        self.is_waiting = False
        """Whether a difference was seen that is not explained yet: look again soon."""
        self._context = context
        self._orders = orders
        self._externals = externals
        self._elsewhere = elsewhere
        self._agreement = Agreement()
        self._agreed_ms: dict[str, int] = {}
        self._is_hedged = False

    def begin(self) -> None:
        """Begin a round."""
        self.is_waiting = False

    def end(self) -> None:
        """End a round: what it did not see any more was no difference."""
        self._agreement.end_round()

    async def look_at_positions(
        self,
        venue: Venue,
        symbols: Collection[str],
        unread: Collection[str],
        guards: Collection[str],
    ) -> None:
        """Compare the positions of a swap account. Raises what the venue raises.

        `unread` are symbols whose fills are not known, `guards` the client order ids of stops and
        targets that do not rest any more.
        """
        now_ms, before = self._context.now_ms(), self._held()
        rows = await venue.positions(sorted(symbols))
        self._is_hedged = self._is_hedged or any(row.is_hedged for row in rows)
        after = self._held()
        judged, seen = set(), set()
        for symbol in symbols:
            own = {side: after.get((symbol, side), ZERO) for side in Direction}
            moved = any(before.get((symbol, side), ZERO) != own[side] for side in Direction)
            if moved or symbol in unread or self._is_unsettled(symbol):
                continue
            judged.add(symbol)
            there = {row.side: row for row in rows if row.symbol == symbol}
            for gap in self._gaps(symbol, own, there):
                row = there.get(gap.side)
                if gap.surplus:
                    seen.add(position_key(symbol, gap.side))
                    self._show(symbol, gap, own[gap.side], row, now_ms)
                else:
                    await self._explain(venue, symbol, gap, guards, now_ms)
        self._externals.absent(ExternalKind.POSITION, judged, seen)

    def _gaps(
        self,
        symbol: str,
        own: Mapping[Direction, Decimal],
        there: Mapping[Direction, VenuePosition],
    ) -> list[Gap]:
        held = {side: row.quantity for side, row in there.items()}
        found = gaps(own, held, is_hedged=self._is_hedged, least=self._no_difference(symbol))
        if not any(gap.missing for gap in found):
            self._agreed_ms[symbol] = self._context.now_ms()
        return found

    def _no_difference(self, symbol: str) -> Decimal:
        """Return the quantity up to which a difference is only the rounding of the venue."""
        instrument = self._context.instrument(symbol)
        step = instrument.amount_step if instrument else None
        return step / 2 if step else ZERO

    def _show(
        self, symbol: str, gap: Gap, own: Decimal, row: VenuePosition | None, now_ms: int
    ) -> None:
        """Show what the venue holds beyond ours, once two looks agree on it."""
        known = self._externals.get((ExternalKind.POSITION, position_key(symbol, gap.side)))
        is_known = known is not None and known.status.is_there and known.quantity == gap.surplus
        if not is_known:
            age_ms = self._agreement.age_ms((symbol, gap.side), (gap.surplus, own), now_ms)
            if age_ms < _AGREED_MS:
                self.is_waiting = True
                return
        self._externals.see_position(
            symbol, gap.side, gap.surplus, self._price_beyond(symbol, gap, row)
        )

    def _price_beyond(self, symbol: str, gap: Gap, row: VenuePosition | None) -> Decimal | None:
        """Return at what price the surplus was entered: the venue's average holds ours too."""
        if row is None or row.entry_price is None:
            return None
        cost = row.quantity * row.entry_price
        for position in self._live(symbol, gap.side):
            cost -= position.holding.held * position.holding.entry_price
        instrument = self._context.instrument(symbol)
        step = (instrument.price_step if instrument else None) or Decimal("1e-8")
        price = (cost / gap.surplus).quantize(step) if row.quantity > gap.surplus else None
        return price if price is not None and price > 0 else row.entry_price

    async def _explain(
        self, venue: Venue, symbol: str, gap: Gap, guards: Collection[str], now_ms: int
    ) -> None:
        key, positions = (symbol, gap.side), self._live(symbol, gap.side)
        held = sum((one.holding.held for one in positions), ZERO)
        since_ms = self._agreed_ms.get(symbol, 0)
        age_ms = self._agreement.age_ms(key, (gap.missing, held), now_ms)
        left = gap.missing
        if age_ms >= self._wait_ms(positions, guards):
            left = await self._elsewhere.close(
                venue,
                positions,
                gap.missing,
                since_ms=since_ms,
                may_estimate=age_ms >= _ESTIMATE_MS,
            )
        if left > 0:
            self.is_waiting = True
        else:
            self._agreement.forget(key)

    async def look_at_balances(
        self,
        venue: Venue,
        balances: Balances,
        before: Held,
        unread: Collection[str],
        guards: Collection[str],
    ) -> None:
        """Compare the balances of a spot account, currency by currency.

        `before` is what was held when they were asked for. More than ours is nothing to us.
        Raises what the venue raises.
        """
        now_ms, after = self._context.now_ms(), self._held()
        bases: dict[str, list[str]] = {}
        for symbol, _ in after:
            bases.setdefault(symbol.partition("/")[0], []).append(symbol)
        for base, symbols in bases.items():
            moved = any(
                before.get((symbol, LONG)) != after.get((symbol, LONG)) for symbol in symbols
            )
            if moved or any(self._is_unsettled(one) or one in unread for one in symbols):
                continue
            held = sum((after.get((symbol, LONG), ZERO) for symbol in symbols), ZERO)
            total = balances.total.get(base, ZERO)
            if held - total <= max(self._dust(symbol) for symbol in symbols):
                self._agreed_ms[base] = now_ms
                continue
            await self._explain_balance(venue, base, symbols, held - total, guards, now_ms)

    async def _explain_balance(
        self,
        venue: Venue,
        base: str,
        symbols: Collection[str],
        missing: Decimal,
        guards: Collection[str],
        now_ms: int,
    ) -> None:
        positions = [one for symbol in symbols for one in self._live(symbol, LONG)]
        held = sum((one.holding.held for one in positions), ZERO)
        age_ms = self._agreement.age_ms((base, LONG), (missing, held), now_ms)
        self.is_waiting = True
        if age_ms < self._wait_ms(positions, guards):
            return
        left = await self._elsewhere.close(
            venue,
            positions,
            missing,
            since_ms=self._agreed_ms.get(base, 0),
            may_estimate=age_ms >= _ESTIMATE_MS,
        )
        if left <= 0:
            self._agreement.forget((base, LONG))

    def _dust(self, symbol: str) -> Decimal:
        """Return the quantity that is too little to be sold."""
        instrument = self._context.instrument(symbol)
        least = (instrument.min_amount, instrument.amount_step) if instrument else ()
        return max((one for one in least if one is not None), default=ZERO)

    def _wait_ms(self, positions: Collection[LivePosition], guards: Collection[str]) -> int:
        """Return how long a difference must stand: longer while a guard may turn out to be it."""
        keys = {position.key for position in positions}
        is_sought = any(
            working.order.position_key in keys
            and (working.order.client_order_id in guards or working.order.status.is_final)
            for working in self._orders
            if working.order.purpose in GUARDS
        )
        return _GUARD_MS if is_sought else _AGREED_MS

    def held(self) -> Held:
        """Return what our live positions hold, by symbol and side."""
        return self._held()

    def _held(self) -> dict[tuple[str, Direction], Decimal]:
        held: dict[tuple[str, Direction], Decimal] = {}
        for position in self._context.book:
            if position.is_live:
                key = (position.symbol, position.side)
                held[key] = held.get(key, ZERO) + position.holding.held
        return held

    def _live(self, symbol: str, side: Direction) -> list[LivePosition]:
        return [
            position
            for position in self._context.book
            if position.is_live and position.symbol == symbol and position.side is side
        ]

    def _is_unsettled(self, symbol: str) -> bool:
        """Return whether an order of ours may be about to change what is held on a symbol."""
        now_ms = self._context.now_ms()
        return any(
            working.order.symbol == symbol and _moves(working, now_ms) for working in self._orders
        )


def _moves(working: Working, now_ms: int) -> bool:
    """Return whether what an order does to its position is not known yet.

    A stop or target that rests, or is looked for, does not count: it may never be found out.
    """
    order = working.order
    if not order.is_live or order.purpose in GUARDS:
        return False
    if order.status in _ON_ITS_WAY or _is_being_filled(order):
        return True
    is_short = working.reported > order.filled
    return is_short and now_ms - order.updated_ms < _PATIENCE_MS


def _is_being_filled(order: Order) -> bool:
    return order.type is OrderType.MARKET and not order.status.is_final
