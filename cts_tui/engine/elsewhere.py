"""Positions that something else than our exits has closed: by hand, by liquidation, by a stop that
fired under another id. The venue's own fills are booked, so that the PnL is the venue's.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Final

from cts_tui.engine.book import LivePosition
from cts_tui.engine.context import EngineContext
from cts_tui.engine.differences import Differences, ours
from cts_tui.engine.fill_names import FillNames
from cts_tui.engine.guard_orders import GUARDS
from cts_tui.engine.ledger import Ledger
from cts_tui.engine.order_ids import foreign_id
from cts_tui.engine.sending import OrderSender
from cts_tui.engine.working import Working, WorkingOrders
from cts_tui.model.money import ZERO, money_text, round_money
from cts_tui.model.records import Fill, Order
from cts_tui.model.trading import ExitReason, OrderPurpose, OrderStatus, OrderType, Side
from cts_tui.venue.venue import Venue

_MARGIN_MS: Final = 60_000
_NEAR: Final = Decimal("0.002")
"""How far before its trigger a stop may have filled, as a part of the price."""
_FIRED: Final = (OrderStatus.FILLED, OrderStatus.UNKNOWN)
"""What a venue says of a trigger order that was triggered."""


@dataclass(slots=True)
class _Free:
    """A fill of others, and how much of it closes nothing yet."""

    fill: Fill
    left: Decimal


class ClosedElsewhere:
    """Closes positions, or parts of them, that the venue does not hold any more."""

    def __init__(
        self,
        context: EngineContext,
        orders: WorkingOrders,
        sender: OrderSender,
        ledger: Ledger,
        differences: Differences,
        names: FillNames,
    ) -> None:
        self._context = context
        self._orders = orders
        self._sender = sender
        self._ledger = ledger
        self._differences = differences
        self._names = names

    async def close(
        self,
        venue: Venue,
        positions: Sequence[LivePosition],
        missing: Decimal,
        *,
        since_ms: int,
        may_estimate: bool,
    ) -> Decimal:
        """Close `missing` of positions of one side; return how much is still unexplained.

        `since_ms` is when the venue was last known to hold it all, 0 where never. What no fill
        explains is closed at the last real price if `may_estimate`. Raises what the venue raises.
        """
        left = missing
        held = _held(positions)
        fired: dict[str, Working] = {}
        free: dict[str, list[_Free]] = {}
        for position in positions:
            guard = await self._fired_guard(venue, position)
            if guard is not None:
                fired[position.key] = guard
            if position.symbol not in free:
                free[position.symbol] = await self._free(venue, position, positions, since_ms)
        if _held(positions) != held:
            return missing  # something has filled meanwhile: look again
        order = sorted(positions, key=lambda one: _rank(one, missing, has_fired=one.key in fired))
        for position in order:
            quantity = min(position.holding.held, left)
            if quantity > 0:
                guard = fired.get(position.key)
                left -= self._book(position, quantity, free[position.symbol], guard)
        if left > 0 and may_estimate:
            left -= self._estimate(order, left)
        return left

    async def _fired_guard(self, venue: Venue, position: LivePosition) -> Working | None:
        """Return the stop or target of a position that the venue says has been triggered.

        Where it knows nothing of the order any more the fills themselves have to tell.
        """
        for working in self._orders.of_position(position.key, *GUARDS):
            if working.order.status is OrderStatus.FILLED:
                return working
            report = (await venue.find(working.order)).report
            if report is None or report.status in _FIRED:
                return working
        return None

    async def _free(
        self,
        venue: Venue,
        position: LivePosition,
        positions: Sequence[LivePosition],
        since_ms: int,
    ) -> list[_Free]:
        """Return the fills that may have closed positions on a symbol, newest first."""
        symbol, side = position.symbol, Side.to_close(position.side)
        entered_ms = min(one.entry_time_ms for one in positions if one.symbol == symbol)
        first_ms = max(entered_ms, since_ms - _MARGIN_MS)
        told = await self._names.named(venue, await venue.fills(symbol, first_ms))
        fills = [fill for fill in told if fill.side is side and self._is_free(fill)]
        return [_Free(fill, fill.quantity) for fill in reversed(fills)]

    def _is_free(self, fill: Fill) -> bool:
        """Return whether a fill is of others, and has closed nothing of ours yet.

        One that turns out to be of our own order, now that the venue was asked, is booked as such.
        """
        working = ours(self._context, self._orders, fill.client_order_id, fill.venue_order_id)
        if working is None:
            return True
        if fill.venue_trade_id in working.trade_ids:
            return False
        if working.order.reason == ExitReason.EXTERNAL:
            return True
        self._ledger.book(replace(fill, client_order_id=working.order.client_order_id))
        return False

    def _book(
        self, position: LivePosition, quantity: Decimal, free: list[_Free], guard: Working | None
    ) -> Decimal:
        """Book what of the free fills closed `quantity` of a position; return how much did."""
        before = position.holding.held
        picked = _picked(free, quantity, position.entry_time_ms)
        if not picked:
            return ZERO
        is_guard = guard is not None and all(_is_of_guard(guard.order, fill) for fill in picked)
        by = "its own stop or target, under another id" if is_guard else "somebody else"
        closed = sum((fill.quantity for fill in picked), ZERO)
        self._tell(position, closed, f"{money_text(closed)} of it was closed by {by}", before)
        for fill in picked:
            if is_guard and guard is not None:
                self._ledger.book(replace(fill, client_order_id=guard.order.client_order_id))
            else:
                self._book_foreign(position, fill)
        return closed

    def _tell(self, position: LivePosition, closed: Decimal, what: str, before: Decimal) -> None:
        self._differences.tell(
            position.symbol,
            f"the venue holds less than {position.side} {money_text(before)} {position.symbol}: "
            f"{what}",
            before=f"held {money_text(before)}",
            after=f"held {money_text(before - closed)}",
        )

    def _book_foreign(self, position: LivePosition, fill: Fill) -> None:
        """Book a fill under an order row of its own, named after the order that filled."""
        key = foreign_id(position.key, fill.venue_order_id or fill.venue_trade_id)
        working = self._orders.find(key) or self._context.recall(key, "")
        if working is None:
            working = Working(self._foreign_order(position, fill, key))
        quantity = working.order.filled + fill.quantity
        opened = replace(
            working.order, quantity=quantity, status=OrderStatus.OPEN, venue_order_id=None
        )
        self._sender.update(working, opened)
        self._orders.add(working)
        self._ledger.book(replace(fill, client_order_id=key))

    def _foreign_order(self, position: LivePosition, fill: Fill, key: str) -> Order:
        return Order(
            client_order_id=key,
            position_key=position.key,
            strategy=position.strategy,
            symbol=position.symbol,
            side=fill.side,
            type=OrderType.MARKET,
            reduce_only=True,
            quantity=ZERO,
            cost=None,
            price=None,
            status=OrderStatus.OPEN,
            created_ms=fill.time_ms,
            updated_ms=self._context.now_ms(),
            reason=ExitReason.EXTERNAL,
            purpose=OrderPurpose.EXIT,
            timeframe=position.timeframe,
            is_live=True,
            answer="not the desk's own order",
        )

    def _estimate(self, positions: Sequence[LivePosition], missing: Decimal) -> Decimal:
        """Close what no fill explains at the last real price; return how much that was."""
        left, now_ms = missing, self._context.now_ms()
        for position in positions:
            quantity = min(position.holding.held, left)
            if quantity <= 0:
                continue
            quote = self._context.market.real_quotes.get(position.symbol)
            price = quote.price if quote else position.holding.entry_price
            self._tell(
                position,
                quantity,
                f"{money_text(quantity)} of it is gone and the venue tells of no fill: closed at "
                f"{money_text(price)}, the last real price, so the PnL is an estimate",
                position.holding.held,
            )
            left -= quantity
            trade_id = f"estimate-{now_ms}"
            self._book_foreign(
                position,
                Fill(
                    client_order_id="",
                    venue_order_id="",
                    venue_trade_id=trade_id,
                    symbol=position.symbol,
                    side=Side.to_close(position.side),
                    quantity=quantity,
                    price=price,
                    fee=ZERO,
                    fee_currency=position.symbol.partition("/")[2].partition(":")[0],
                    time_ms=now_ms,
                ),
            )
        return missing - left


def _held(positions: Sequence[LivePosition]) -> list[Decimal]:
    return [position.holding.held for position in positions]


def _rank(position: LivePosition, missing: Decimal, *, has_fired: bool) -> tuple[bool, bool, int]:
    """Return what sorts the position that was closed most likely to the front."""
    return not has_fired, position.holding.held != missing, position.entry_time_ms


def _is_of_guard(order: Order, fill: Fill) -> bool:
    """Return whether a fill can be that of a triggered guard: after it was placed, near its price.

    A stop that sells at 98 fills at 98.196 or below, a target at 103 at 102.794 or above.
    """
    if order.price is None or fill.time_ms < order.created_ms - _MARGIN_MS:
        return False
    falls = (order.side is Side.SELL) == (order.purpose is OrderPurpose.STOP)
    bound = order.price * (1 + _NEAR if falls else 1 - _NEAR)
    return fill.price <= bound if falls else fill.price >= bound


def _picked(free: list[_Free], quantity: Decimal, since_ms: int) -> list[Fill]:
    """Take fills for `quantity`, oldest first: those of one order that fit, else the newest.

    The last one may be split; its fee is split with it.
    """
    usable = [one for one in free if one.left > 0 and one.fill.time_ms >= since_ms]
    chosen = _exact(usable, quantity) or usable
    picked: list[Fill] = []
    for one in chosen:
        part = min(one.left, quantity)
        if part <= 0:
            break
        picked.append(_part(one.fill, part))
        one.left -= part
        quantity -= part
    return list(reversed(picked))


def _exact(free: Sequence[_Free], quantity: Decimal) -> list[_Free]:
    """Return the fills of the newest order whose fills come to `quantity`, empty if none do."""
    by_order: dict[str, list[_Free]] = {}
    for one in free:
        by_order.setdefault(one.fill.venue_order_id, []).append(one)
    for fills in by_order.values():
        if sum((one.left for one in fills), ZERO) == quantity:
            return fills
    return []


def _part(fill: Fill, quantity: Decimal) -> Fill:
    if quantity == fill.quantity:
        return fill
    fee = round_money(fill.fee * quantity / fill.quantity)
    return replace(fill, quantity=quantity, fee=fee)
