"""What is the paper venue's own: cost-sized entries, slippage, touched levels, bid and ask."""

from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cts_tui.model.records import Fill, Order
from cts_tui.model.trading import OrderStatus, OrderType, Side
from cts_tui.venue.paper import PaperVenue
from cts_tui.venue.venue import Rejected

from .contract import T0
from .floors import PaperFloor, paper_floor, paper_instrument

BUY, SELL = Side.BUY, Side.SELL
SYMBOL, OTHER = "BTC/USDT", "ETH/USDT"


def plain(fee_pct: str = "0", slippage_pct: str = "0", symbol: str = SYMBOL) -> PaperFloor:
    """A paper venue that knows no instruments, as in a replay."""
    fees = {"fee_pct": Decimal(fee_pct), "slippage_pct": Decimal(slippage_pct)}
    return PaperFloor(PaperVenue(**fees), symbol)


def entry(floor: PaperFloor, cost: str = "100") -> Order:
    """An entry sized by what it may cost."""
    return floor.order(quantity=None, cost=Decimal(cost))


async def at(floor: PaperFloor, order: Order, price: str) -> Fill:
    """The fill of an order at the next price."""
    return await floor.filled(order, price)


async def test_a_market_order_rests_until_the_next_price_of_its_symbol() -> None:
    floor = plain()
    await floor.trade("90")
    await floor.submit(entry(floor))
    assert await floor.told() == []
    floor.venue.observe(OTHER, Decimal(40), T0)
    assert await floor.told() == []
    floor.venue.observe(SYMBOL, Decimal(100), T0 + 5)
    (fill,) = await floor.told()
    assert (fill.price, fill.time_ms) == (Decimal(100), T0 + 5)


@pytest.mark.parametrize(("price", "quantity"), [("40", "2.5"), ("30", "3.333333333333")])
async def test_an_entry_sized_by_cost_buys_cost_over_fill_price(price: str, quantity: str) -> None:
    floor = plain()
    assert (await at(floor, entry(floor), price)).quantity == Decimal(quantity)


async def test_an_entry_sized_by_cost_buys_whole_steps_of_a_known_market() -> None:
    floor = paper_floor("spot")
    assert (await at(floor, entry(floor), "30000")).quantity == Decimal("0.00333")
    tiny = entry(floor, "0.1")
    await floor.submit(tiny)
    await floor.trade("30000")
    assert await floor.told() == []
    assert await floor.status(tiny) is OrderStatus.REJECTED


@pytest.mark.parametrize(("side", "price"), [(BUY, "100.5"), (SELL, "99.5")])
async def test_a_market_order_slips_against_the_trader(side: Side, price: str) -> None:
    floor = plain(slippage_pct="0.5")
    assert (await at(floor, floor.order(side), "100")).price == Decimal(price)


@pytest.mark.parametrize(("side", "price"), [(SELL, "97.51"), (BUY, "98.49")])
async def test_a_touched_stop_fills_at_its_price_less_slippage(side: Side, price: str) -> None:
    floor = plain(slippage_pct="0.5")
    await floor.trade("98")
    await floor.submit(floor.order(side, OrderType.STOP, price="98"))
    (fill,) = await floor.told()
    assert fill.price == Decimal(price)


@pytest.mark.parametrize("side", Side)
async def test_a_touched_target_fills_at_its_price_and_never_worse(side: Side) -> None:
    floor = plain(slippage_pct="0.5")
    await floor.trade("103")
    floor.venue.observe(OTHER, Decimal(1), T0 + 9)
    await floor.submit(floor.order(side, OrderType.TAKE_PROFIT, price="103"))
    (fill,) = await floor.told()
    assert (fill.price, fill.time_ms) == (Decimal(103), floor.now_ms)


async def test_a_limit_order_never_slips() -> None:
    floor = plain(slippage_pct="0.5")
    assert (await at(floor, floor.limit("101"), "100")).price == Decimal(100)


@pytest.mark.parametrize(
    ("order", "price"),
    [
        ({"side": BUY}, "101"),
        ({"side": SELL}, "99"),
        ({"side": BUY, "type_": OrderType.LIMIT, "price": "101"}, "101"),
        ({"side": SELL, "type_": OrderType.LIMIT, "price": "98"}, "99"),
    ],
)
async def test_a_buy_pays_the_ask_and_a_sell_gets_the_bid(
    order: dict[str, object], price: str
) -> None:
    floor = plain()
    await floor.submit(floor.order(**order))  # type: ignore[arg-type]
    floor.venue.observe(SYMBOL, Decimal(100), T0, bid=Decimal(99), ask=Decimal(101))
    (fill,) = await floor.told()
    assert fill.price == Decimal(price)


async def test_a_limit_order_between_bid_and_ask_rests() -> None:
    floor = plain()
    await floor.submit(floor.limit("100.5"))
    floor.venue.observe(SYMBOL, Decimal(100), T0, bid=Decimal(99), ask=Decimal(101))
    assert await floor.told() == []
    assert len(await floor.resting()) == 1


async def test_the_fee_of_a_swap_is_in_its_quote_currency() -> None:
    floor = plain(fee_pct="0.1", symbol="BTC/USDC:USDC")
    assert (await at(floor, floor.order(SELL), "100")).fee_currency == "USDC"


async def test_a_net_position_grows_shrinks_and_turns() -> None:
    floor = paper_floor("swap", fee_pct="0.1")
    for side, price in ((BUY, "50000"), (BUY, "51000"), (SELL, "52000")):
        await floor.filled(floor.order(side), price)
    (held,) = await floor.venue.positions([floor.symbol])
    assert (held.side, held.quantity, held.entry_price) == (
        "long",
        Decimal("0.01"),
        Decimal(50_500),
    )
    await floor.filled(floor.order(SELL, quantity="0.03"), "52000")
    (held,) = await floor.venue.positions([floor.symbol])
    assert (held.side, held.quantity, held.entry_price) == (
        "short",
        Decimal("0.02"),
        Decimal(52_000),
    )
    made = (await floor.venue.balances()).total["USDT"] - 100_000
    assert made == 30 - Decimal("3.09")


async def test_only_the_latest_orders_are_remembered() -> None:
    floor = plain()
    first = await floor.filled(floor.order(), "100")
    for _ in range(1_000):
        await floor.filled(floor.order(), "100")
    assert len(await floor.venue.fills(SYMBOL, 0)) == 1_000
    assert (await floor.venue.fills(SYMBOL, 0))[0].client_order_id != first.client_order_id


async def test_a_halted_market_takes_only_what_reduces() -> None:
    halted = replace(paper_instrument(SYMBOL), is_active=False)
    zero = Decimal(0)
    venue = PaperVenue(fee_pct=zero, slippage_pct=zero, instruments={SYMBOL: halted})
    floor = PaperFloor(venue, SYMBOL)
    answer = await venue.submit(floor.order())
    assert isinstance(answer, Rejected)
    assert "halted" in answer.reason
    assert (await floor.filled(floor.order(SELL, reduce_only=True), "50000")).side == SELL


amounts = st.decimals("0.000001", "1000000", places=6)


@settings(deadline=None)
@given(
    cost=amounts,
    price=amounts,
    fee_pct=st.decimals("0", "1", places=3),
    slippage_pct=st.decimals("0", "5", places=3),
    side=st.sampled_from(Side),
)
async def test_nobody_is_ever_better_off_by_fees_or_slippage(
    cost: Decimal, price: Decimal, fee_pct: Decimal, slippage_pct: Decimal, side: Side
) -> None:
    floor = plain(str(fee_pct), str(slippage_pct))
    order = entry(floor, str(cost)) if side is BUY else floor.order(SELL, quantity=str(cost))
    fill = await at(floor, order, str(price))
    assert fill.fee >= 0
    assert fill.price >= price if side is BUY else fill.price <= price
    if side is BUY:
        assert abs(fill.quantity * fill.price - cost) <= fill.price * Decimal("1e-12")
