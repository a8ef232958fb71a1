"""What every venue must do, as numbered cases. A venue's tests subclass `VenueContract`.

A `Floor` is a venue together with the market it trades on: the paper venue hears of prices, an
exchange's adapter talks to a loopback server whose market moves when it is told to.
"""

from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from decimal import Decimal
from itertools import count
from typing import Any, Protocol

from cts_tui.model.records import Fill, Order
from cts_tui.model.trading import OrderStatus, OrderType, Side, TimeInForce
from cts_tui.venue.venue import Accepted, OrderReport, Venue

T0 = 1_743_699_900_000
QUANTITY = Decimal("0.01")


@dataclass
class Floor(ABC):
    """A venue, one of its markets with a price of 50 000, and the hand that moves it."""

    venue: Venue
    symbol: str
    now_ms: int = T0
    is_swap: bool = False
    fills: list[Fill] = field(default_factory=list)
    """Every fill that was told, in the order of telling."""
    reports: list[OrderReport] = field(default_factory=list)
    _numbers: Any = field(default_factory=lambda: count(1))

    @abstractmethod
    async def trade(self, price: str) -> None:
        """Have the market trade at `price`, enough for everything that rests there."""

    @abstractmethod
    async def hear(self) -> None:
        """Have the venue learn what has happened, as an engine would have it."""

    def order(
        self, side: Side = Side.BUY, type_: OrderType = OrderType.MARKET, **changes: Any
    ) -> Order:
        """Return an order with a new client order id."""
        number = next(self._numbers)
        fields: dict[str, Any] = {
            "client_order_id": f"ctsorder{number}",
            "quantity": QUANTITY,
            "cost": None,
            "price": None,
            "reduce_only": False,
            "created_ms": self.now_ms,
            "updated_ms": self.now_ms,
        }
        fields |= {
            key: Decimal(v) if isinstance(v, str) and key in ("price", "quantity") else v
            for key, v in changes.items()
        }
        return Order(
            position_key="any",
            strategy="any",
            symbol=fields.pop("symbol", self.symbol),
            side=side,
            type=type_,
            status=OrderStatus.INTENT,
            reason="a test",
            **fields,
        )

    def limit(self, price: str, side: Side = Side.BUY, **changes: Any) -> Order:
        """Return a limit order."""
        return self.order(side, OrderType.LIMIT, price=price, **changes)

    def ioc(self, price: str, side: Side = Side.BUY) -> Order:
        """Return a limit order that fills at once or never."""
        return self.limit(price, side, time_in_force=TimeInForce.IOC)

    async def submit(self, order: Order) -> str:
        """Submit an order that must be accepted; return the venue's id."""
        answer = await self.venue.submit(order)
        assert isinstance(answer, Accepted), answer
        return answer.venue_order_id

    async def filled(self, order: Order, price: str = "50000") -> Fill:
        """Submit an order, let the market trade, and return its one fill."""
        await self.submit(order)
        await self.trade(price)
        (fill,) = [one for one in await self.told() if one.client_order_id == order.client_order_id]
        return fill

    async def told(self) -> list[Fill]:
        """Return the fills that are told now."""
        await self.hear()
        updates = self.venue.take_updates()
        self.fills += updates.fills
        self.reports += updates.orders
        return list(updates.fills)

    async def status(self, order: Order) -> OrderStatus | None:
        """Return what `find` says of an order."""
        report = (await self.venue.find(order)).report
        return None if report is None else report.status

    async def resting(self) -> list[str]:
        """Return the client order ids of what rests."""
        return sorted(one.client_order_id for one in await self.venue.open_orders([self.symbol]))


class Open(Protocol):
    """Opens a floor with a fee in percent, the same for makers and takers."""

    def __call__(self, fee_pct: str = "0") -> Awaitable[Floor]: ...


Opener = Callable[[], Open]
