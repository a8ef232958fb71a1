"""What every venue must do, as numbered cases. A venue's tests subclass `VenueContract`.

A `Floor` is a venue together with the market it trades on: the paper venue hears of prices, an
exchange's adapter talks to a loopback server whose market moves when it is told to.
"""

from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any, ClassVar

import pytest

from cts_tui.model.records import Fill, Order
from cts_tui.model.trading import OrderStatus, OrderType, Side
from cts_tui.venue.venue import Accepted, Rejected, Venue

SYMBOL = "BTC/USDT"
OTHER = "ETH/USDT"
T0 = 1_743_699_900_000

BUY = Order(
    client_order_id="cts-buy",
    position_key="cts-buy",
    strategy="any",
    symbol=SYMBOL,
    side=Side.BUY,
    type=OrderType.MARKET,
    reduce_only=False,
    quantity=None,
    cost=Decimal(100),
    price=None,
    status=OrderStatus.INTENT,
    created_ms=T0,
    updated_ms=T0,
    reason="a test",
)
SELL = replace(
    BUY,
    client_order_id="cts-sell",
    side=Side.SELL,
    reduce_only=True,
    quantity=Decimal("2.5"),
    cost=None,
)
STOP = replace(SELL, client_order_id="cts-stop", type=OrderType.STOP, price=Decimal(98))
TARGET = replace(SELL, client_order_id="cts-target", type=OrderType.LIMIT, price=Decimal(103))


@dataclass
class Floor(ABC):
    """A venue with fees and slippage in percent, and the hand that moves its market."""

    venue: Venue
    fee_pct: Decimal
    slippage_pct: Decimal

    @abstractmethod
    async def trade(self, symbol: str, price: str, time_ms: int = T0) -> None:
        """Have the market trade at `price`."""


Open = Callable[..., Awaitable[Floor]]


class VenueContract(ABC):
    """The cases. `opened` gives a floor with `fee_pct` and `slippage_pct` as given."""

    slips: ClassVar[bool] = True
    """Whether slippage can be chosen; elsewhere the market's own price decides."""

    @abstractmethod
    @pytest.fixture
    def opened(self) -> Open:
        """Open a floor."""

    async def filled(self, floor: Floor, order: Order, *prices: str) -> Fill:
        """Submit an order, let the market trade, and return its one fill."""
        assert isinstance(await floor.venue.submit(order), Accepted)
        for price in prices:
            await floor.trade(order.symbol, price)
        (fill,) = floor.venue.take_fills()
        return fill

    async def test_v01_a_market_order_rests_until_the_next_price(self, opened: Open) -> None:
        floor = await opened()
        await floor.trade(SYMBOL, "90")
        assert isinstance(await floor.venue.submit(BUY), Accepted)
        assert floor.venue.take_fills() == []
        await floor.trade(OTHER, "40")
        assert floor.venue.take_fills() == []
        await floor.trade(SYMBOL, "100", T0 + 5)
        (fill,) = floor.venue.take_fills()
        assert (fill.price, fill.time_ms) == (Decimal(100), T0 + 5)

    async def test_v02_an_accepted_order_and_its_fill_name_the_same_venue_order(
        self, opened: Open
    ) -> None:
        floor = await opened()
        accepted = await floor.venue.submit(BUY)
        assert isinstance(accepted, Accepted)
        await floor.trade(SYMBOL, "100")
        (fill,) = floor.venue.take_fills()
        assert fill.venue_order_id == accepted.venue_order_id
        assert fill.client_order_id == BUY.client_order_id
        assert (fill.symbol, fill.side) == (SYMBOL, Side.BUY)
        assert fill.venue_trade_id

    @pytest.mark.parametrize(("price", "quantity"), [("40", "2.5"), ("30", "3.333333333333")])
    async def test_v03_an_entry_sized_by_cost_buys_cost_over_fill_price(
        self, opened: Open, price: str, quantity: str
    ) -> None:
        fill = await self.filled(await opened(), BUY, price)
        assert fill.quantity == Decimal(quantity)

    async def test_v04_an_exit_fills_the_quantity_it_was_given(self, opened: Open) -> None:
        fill = await self.filled(await opened(), SELL, "100")
        assert (fill.quantity, fill.side) == (Decimal("2.5"), Side.SELL)

    async def test_v05_the_fee_is_charged_on_the_filled_notional(self, opened: Open) -> None:
        fill = await self.filled(await opened(fee_pct="0.1"), SELL, "100")
        assert fill.fee == Decimal("0.25")
        assert fill.fee_currency == "USDT"

    @pytest.mark.parametrize(("order", "price"), [(BUY, "100.5"), (SELL, "99.5")])
    async def test_v06_a_market_order_slips_against_the_trader(
        self, opened: Open, order: Order, price: str
    ) -> None:
        if not self.slips:
            pytest.skip("the market's own price decides")
        fill = await self.filled(await opened(slippage_pct="0.5"), order, "100")
        assert fill.price == Decimal(price)

    @pytest.mark.parametrize(("side", "price"), [(Side.SELL, "97.51"), (Side.BUY, "98.49")])
    async def test_v07_a_touched_stop_fills_at_its_price_or_worse(
        self, opened: Open, side: Side, price: str
    ) -> None:
        floor = await opened(slippage_pct="0.5")
        await floor.trade(SYMBOL, "98")
        fill = await self.filled(floor, replace(STOP, side=side))
        assert fill.price == Decimal(price) if self.slips else fill.price <= STOP.price

    @pytest.mark.parametrize("side", Side)
    async def test_v08_a_touched_target_fills_at_its_price_and_never_worse(
        self, opened: Open, side: Side
    ) -> None:
        floor = await opened(slippage_pct="0.5")
        await floor.trade(SYMBOL, "103", T0 + 7)
        fill = await self.filled(floor, replace(TARGET, side=side))
        assert (fill.price, fill.time_ms) == (Decimal(103), T0 + 7)

    async def test_v09_a_fill_is_told_once(self, opened: Open) -> None:
        floor = await opened()
        await self.filled(floor, BUY, "100")
        await floor.trade(SYMBOL, "101")
        assert floor.venue.take_fills() == []

    async def test_v10_fills_are_told_in_the_order_in_which_they_happened(
        self, opened: Open
    ) -> None:
        floor = await opened()
        for order in (SELL, BUY):
            await floor.venue.submit(order)
        await floor.trade(SYMBOL, "100")
        await floor.venue.submit(TARGET)
        told = [fill.client_order_id for fill in floor.venue.take_fills()]
        assert told == ["cts-sell", "cts-buy", "cts-target"]

    async def test_v11_a_cancelled_order_never_fills(self, opened: Open) -> None:
        floor = await opened()
        for order in (BUY, SELL):
            await floor.venue.submit(order)
        assert await floor.venue.cancel(BUY.client_order_id)
        await floor.trade(SYMBOL, "100")
        assert [fill.client_order_id for fill in floor.venue.take_fills()] == ["cts-sell"]

    async def test_v12_what_is_not_there_cannot_be_cancelled(self, opened: Open) -> None:
        floor = await opened()
        assert not await floor.venue.cancel("cts-nobody")
        await self.filled(floor, BUY, "100")
        assert not await floor.venue.cancel(BUY.client_order_id)

    @pytest.mark.parametrize(
        "changes",
        [
            {"order": STOP, "price": None},
            {"order": TARGET, "quantity": None},
            {"order": TARGET, "price": Decimal(0)},
            {"order": STOP, "price": Decimal(-1)},
            {"order": TARGET, "price": Decimal("NaN")},
            {"order": BUY, "cost": None},
            {"order": BUY, "cost": Decimal(0)},
            {"order": BUY, "cost": Decimal(-5)},
            {"order": BUY, "cost": Decimal("Infinity")},
            {"order": SELL, "quantity": Decimal(0)},
            {"order": SELL, "quantity": Decimal(-1)},
            {"order": SELL, "quantity": Decimal("NaN")},
        ],
        ids=str,
    )
    async def test_v13_a_malformed_order_is_rejected_with_the_reason_and_does_not_exist(
        self, opened: Open, changes: dict[str, Any]
    ) -> None:
        floor = await opened()
        await floor.trade(SYMBOL, "100")
        order = replace(changes["order"], **{k: v for k, v in changes.items() if k != "order"})
        answer = await floor.venue.submit(order)
        assert isinstance(answer, Rejected)
        assert answer.reason
        await floor.trade(SYMBOL, "100")
        assert floor.venue.take_fills() == []
        assert not await floor.venue.cancel(order.client_order_id)

    async def test_v14_trade_ids_of_different_fills_differ(self, opened: Open) -> None:
        floor = await opened()
        ids = set()
        for number in range(5):
            order = replace(BUY, client_order_id=f"cts-{number}")
            ids.add((await self.filled(floor, order, "100")).venue_trade_id)
        assert len(ids) == 5
