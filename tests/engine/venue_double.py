"""An exchange in this process that says what it is told to say."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal

from cts_tui.errors import RetryableError
from cts_tui.model.instrument import Instrument
from cts_tui.model.records import Fill, Order
from cts_tui.model.trading import (
    MarketType,
    OrderStatus,
)
from cts_tui.venue.venue import (
    Accepted,
    Balances,
    OrderReport,
    Search,
    Traits,
    Updates,
    VenuePosition,
)

SPOT, SWAP = "BTC/USDT", "BTC/USDT:USDT"


def money(**amounts: str) -> Balances:
    """Return balances that are all free."""
    total = {name: Decimal(amount) for name, amount in amounts.items()}
    return Balances(free=dict(total), used={}, total=total)


@dataclass
class VenueDouble:
    """What the account holds is what the test puts there; `failing` names calls that fail."""

    traits: Traits
    resting: dict[str, OrderReport] = field(default_factory=dict)
    ended: dict[str, OrderReport] = field(default_factory=dict)
    """By our client order id, what `find` says of orders that do not rest."""
    traded: list[Fill] = field(default_factory=list)
    held: list[VenuePosition] = field(default_factory=list)
    money: Balances = field(default_factory=lambda: money(USDT="10000"))
    names: dict[str, str] = field(default_factory=dict)
    """By the venue's order id, the client order ids that it tells when it is asked."""
    failing: set[str] = field(default_factory=set)
    asked: list[str] = field(default_factory=list)
    sent: list[Order] = field(default_factory=list)
    cancelled: list[Order] = field(default_factory=list)
    followed: list[Order] = field(default_factory=list)

    def _ask(self, what: str) -> None:
        self.asked.append(what)
        if what in self.failing:
            raise RetryableError(f"{what}: no answer", 1.0)

    def instrument(self, symbol: str) -> Instrument:
        is_swap = symbol == SWAP
        return Instrument(
            symbol=symbol,
            market=MarketType.SWAP if is_swap else MarketType.SPOT,
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
            min_cost=None,
            max_cost=None,
            maker_fee_pct=None,
            taker_fee_pct=None,
        )

    async def submit(self, order: Order) -> Accepted:
        self._ask("submit")
        self.sent.append(order)
        return Accepted(f"v-{order.client_order_id}")

    async def cancel(self, order: Order) -> bool:
        self._ask("cancel")
        self.cancelled.append(order)
        report = self.resting.pop(order.venue_order_id or "", None)
        if report is not None:
            self.ended[order.client_order_id] = replace(report, status=OrderStatus.CANCELLED)
        return report is not None

    async def amend(self, order: Order, *, price: Decimal, quantity: Decimal) -> bool:
        return False

    async def find(self, order: Order) -> Search:
        self._ask("find")
        rests = self.resting.get(order.venue_order_id or "")
        asked = ("order", "open orders", "closed orders", "trades")
        found = rests or self.ended.get(order.client_order_id)
        if found is not None:
            found = replace(found, client_order_id=order.client_order_id)
        return Search(found, asked)

    async def name_of(self, symbol: str, venue_order_id: str) -> str:
        self._ask("name_of")
        return self.names.get(venue_order_id, "")

    async def open_orders(self, symbols: Sequence[str]) -> list[OrderReport]:
        self._ask("open_orders")
        return [report for report in self.resting.values() if report.symbol in symbols]

    async def fills(self, symbol: str, since_ms: int) -> list[Fill]:
        self._ask("fills")
        return [one for one in self.traded if one.symbol == symbol and one.time_ms >= since_ms]

    async def positions(self, symbols: Sequence[str]) -> list[VenuePosition]:
        self._ask("positions")
        return list(self.held)

    async def balances(self) -> Balances:
        self._ask("balances")
        return self.money

    async def prepare(self, symbol: str, *, leverage: int | None, margin_mode: str | None) -> None:
        """Nothing to set."""

    def follow(self, orders: Sequence[Order]) -> None:
        self.followed += orders

    def take_updates(self) -> Updates:
        return Updates()

    def observe(self, symbol: str, price: Decimal, time_ms: int, **book: Decimal | None) -> None:
        """Hear of prices, and make nothing of them."""
