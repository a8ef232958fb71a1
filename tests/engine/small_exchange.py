"""A small exchange in memory behind the Venue protocol: it accepts, fills and fails on demand.

`will(...)` says how the next submissions end. What the account holds is told at once, as by a
stream, unless `is_mute`; `find`, `open_orders` and `fills` always know.
"""

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from itertools import count
from typing import Any, Final

from cts_tui.errors import RetryableError, UnknownOutcome
from cts_tui.model.instrument import Instrument
from cts_tui.model.records import Fill, Order
from cts_tui.model.trading import Direction, MarketType, OrderStatus, OrderType, Side
from cts_tui.venue.venue import (
    NOTHING_NEW,
    Accepted,
    Balances,
    OrderReport,
    Rejected,
    Search,
    Traits,
    Updates,
    VenuePosition,
)

ACCEPT, REJECT, RETRY, LOST, TAKEN, LATE = "accept", "reject", "retry", "lost", "taken", "late"
"""How a submission ends: LOST, TAKEN and LATE raise UnknownOutcome, and the order is not, is, or
will be (`let_in`) at the venue."""
PLACES: Final = ("order", "open orders", "closed orders", "trades")
SWAP: Final = Traits(
    has_stop=True,
    has_target=True,
    can_amend=False,
    has_client_ids=True,
    has_positions=True,
    absence_window_s=60,
)
SPOT: Final = replace(SWAP, has_positions=False, has_target=False)


def instrument_of(symbol: str) -> Instrument:
    """Return a market with steps of 0.001 and 0.1."""
    return Instrument(
        symbol=symbol,
        market=MarketType.SWAP if ":" in symbol else MarketType.SPOT,
        base="BTC",
        quote="USDT",
        settle="USDT",
        is_active=True,
        is_linear=True,
        contract_size=Decimal(1),
        amount_step=Decimal("0.001"),
        price_step=Decimal("0.1"),
        min_amount=Decimal("0.001"),
        max_amount=None,
        min_cost=Decimal(5),
        max_cost=None,
        maker_fee_pct=None,
        taker_fee_pct=None,
    )


@dataclass
class SmallExchange:
    """One account. `price` is where market orders fill at once unless `fills_at_once` is off."""

    traits: Traits = SWAP
    price: Decimal = Decimal(100)
    fee_pct: Decimal = Decimal("0.1")
    fees_in_base: bool = False
    """Whether buys pay their fee of what they buy."""
    fills_at_once: bool = True
    is_hedged: bool = False
    is_mute: bool = False
    is_down: bool = False
    """Every call but submissions raises RetryableError."""
    places: tuple[str, ...] = PLACES
    silent: tuple[str, ...] = ()
    sent: list[Order] = field(default_factory=list)
    cancelled: list[str] = field(default_factory=list)
    reports: dict[str, OrderReport] = field(default_factory=dict)
    """What the venue knows, by client order id."""
    trades: list[Fill] = field(default_factory=list)
    _endings: deque[str] = field(default_factory=deque)
    _late: list[Order] = field(default_factory=list)
    _told: Updates = NOTHING_NEW
    _ids: Any = field(default_factory=lambda: count(1))

    def will(self, *endings: str) -> None:
        """Say how the next submissions end; after these all are accepted."""
        self._endings.extend(endings)

    def let_in(self) -> None:
        """Let the orders that are late arrive."""
        late, self._late = self._late, []
        for order in late:
            self._accept(order)

    def fill(self, client_order_id: str, quantity: str, price: str, fee: str | None = None) -> Fill:
        """Fill a part of an order that is there."""
        report = self.reports[client_order_id]
        taken, at = Decimal(quantity), Decimal(price)
        is_in_base = self.fees_in_base and report.side is Side.BUY
        cost = taken if is_in_base else taken * at
        fill = Fill(
            client_order_id=client_order_id,
            venue_order_id=report.venue_order_id,
            venue_trade_id=f"t{next(self._ids)}",
            symbol=report.symbol,
            side=report.side,
            quantity=taken,
            price=at,
            fee=Decimal(fee) if fee is not None else cost * self.fee_pct / 100,
            fee_currency="BTC" if is_in_base else "USDT",
            time_ms=report.updated_ms,
        )
        self.trades.append(fill)
        filled = report.filled + taken
        is_whole = report.quantity is not None and filled >= report.quantity
        status = OrderStatus.FILLED if is_whole else OrderStatus.PARTIALLY_FILLED
        self._now(replace(report, filled=filled, status=status, average_price=at))
        self._tell(fills=(fill,))
        return fill

    def end(self, client_order_id: str, status: OrderStatus = OrderStatus.CANCELLED) -> None:
        """End an order without our asking."""
        self._now(replace(self.reports[client_order_id], status=status))

    def resting(self, *types: OrderType) -> list[OrderReport]:
        """Return what rests, of these types or of any."""
        return [
            report
            for report in self.reports.values()
            if not report.status.is_final and (not types or report.type in types)
        ]

    # The protocol.

    def instrument(self, symbol: str) -> Instrument | None:
        return instrument_of(symbol)

    async def submit(self, order: Order) -> Accepted | Rejected:
        self.sent.append(order)
        ending = self._endings.popleft() if self._endings else ACCEPT
        if ending == REJECT:
            return Rejected("no", "-1")
        if ending == RETRY:
            raise RetryableError("unreachable", 0.1)
        if ending == LATE:
            self._late.append(order)
        elif ending != LOST:
            self._accept(order)
        if ending in (LOST, TAKEN, LATE):
            raise UnknownOutcome("no answer came")
        return Accepted(self.reports[order.client_order_id].venue_order_id)

    async def cancel(self, order: Order) -> bool:
        self._reach()
        report = self.reports.get(order.client_order_id)
        if report is None or report.status.is_final:
            return False
        self.cancelled.append(order.client_order_id)
        self._now(replace(report, status=OrderStatus.CANCELLED))
        return True

    async def amend(self, order: Order, *, price: Decimal, quantity: Decimal) -> bool:
        return False

    async def find(self, order: Order) -> Search:
        self._reach()
        return Search(self.reports.get(order.client_order_id), self.places, self.silent)

    async def name_of(self, symbol: str, venue_order_id: str) -> str:
        self._reach()
        names = (
            r.client_order_id for r in self.reports.values() if r.venue_order_id == venue_order_id
        )
        return next(names, "")

    async def open_orders(self, symbols: Sequence[str]) -> list[OrderReport]:
        self._reach()
        return [report for report in self.resting() if report.symbol in symbols]

    async def fills(self, symbol: str, since_ms: int) -> list[Fill]:
        self._reach()
        return [one for one in self.trades if one.symbol == symbol and one.time_ms >= since_ms]

    async def positions(self, symbols: Sequence[str]) -> list[VenuePosition]:
        self._reach()
        if not self.traits.has_positions:
            return []
        found = [self._position(symbol) for symbol in symbols]
        return [one for one in found if one is not None]

    async def balances(self) -> Balances:
        self._reach()
        bought = sum((_signed(one) for one in self.trades), Decimal(0))
        total = {"BTC": bought, "USDT": Decimal(100_000)}
        return Balances(total, {}, total)

    async def prepare(self, symbol: str, *, leverage: int | None, margin_mode: str | None) -> None:
        self._reach()

    def follow(self, orders: Sequence[Order]) -> None:
        """Hear of orders from before a restart."""

    def take_updates(self) -> Updates:
        told, self._told = self._told, NOTHING_NEW
        return told

    def observe(self, symbol: str, price: Decimal, time_ms: int, **book: Decimal | None) -> None:
        self.price = price

    # What it is made of.

    def _reach(self) -> None:
        if self.is_down:
            raise RetryableError("the exchange is down", 0.1)

    def _position(self, symbol: str) -> VenuePosition | None:
        amount = sum((_signed(one) for one in self.trades if one.symbol == symbol), Decimal(0))
        side = Direction.LONG if amount > 0 else Direction.SHORT
        return VenuePosition(symbol, side, abs(amount), None) if amount else None

    def _accept(self, order: Order) -> None:
        quantity = order.quantity
        report = OrderReport(
            client_order_id=order.client_order_id,
            venue_order_id=f"v{next(self._ids)}",
            symbol=order.symbol,
            side=order.side,
            type=order.type,
            status=OrderStatus.OPEN,
            quantity=quantity,
            price=order.price,
            filled=Decimal(0),
            average_price=None,
            reduce_only=order.reduce_only,
            updated_ms=order.created_ms,
        )
        self._now(report)
        if order.type is OrderType.MARKET and self.fills_at_once:
            self.fill(order.client_order_id, str(quantity), str(self.price))

    def _now(self, report: OrderReport) -> None:
        self.reports[report.client_order_id] = report
        self._tell(reports=(report,))

    def _tell(self, reports: Sequence[OrderReport] = (), fills: Sequence[Fill] = ()) -> None:
        if not self.is_mute:
            self._told = Updates((*self._told.orders, *reports), (*self._told.fills, *fills))


def _signed(fill: Fill) -> Decimal:
    return fill.quantity if fill.side is Side.BUY else -fill.quantity
