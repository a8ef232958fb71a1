"""How honest paper is: latency, volume, funds, margin; nothing of it where it is not asked for."""

from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cts_tui.model.records import Order
from cts_tui.model.trading import MarketType, OrderStatus, OrderType, Side, TimeInForce
from cts_tui.venue.paper import PaperVenue
from cts_tui.venue.paper_terms import VolumeBudget
from cts_tui.venue.venue import Accepted, Rejected

from .contract import T0
from .floors import PaperFloor, paper_instrument

BUY, SELL = Side.BUY, Side.SELL
SYMBOL, SWAP = "BTC/USDT", "BTC/USDT:USDT"
MINUTE_MS = 60_000
ZERO = Decimal(0)


def honest(
    *,
    latency_ms: int = 0,
    volume: str = "",
    fee_pct: str = "0",
    slippage_pct: str = "0",
    funds: dict[str, Decimal] | None = None,
    symbol: str = SYMBOL,
    is_known: bool = True,
) -> PaperFloor:
    """A paper venue that may take a tenth of `volume` (base per minute)."""
    known = {symbol: replace(paper_instrument(symbol), min_cost=None)} if is_known else {}
    venue = PaperVenue(
        fee_pct=Decimal(fee_pct),
        slippage_pct=Decimal(slippage_pct),
        latency_ms=latency_ms,
        volume_pct=Decimal(10),
        volume_of=lambda _: (Decimal(volume), MINUTE_MS) if volume else None,
        instruments=known,
        market=MarketType.SWAP if ":" in symbol else MarketType.SPOT,
        funds=funds,
    )
    return PaperFloor(venue, symbol)


async def seen(floor: PaperFloor, price: str, after_ms: int) -> list[Decimal]:
    """The quantities that fill at a price, so long after the beginning."""
    floor.venue.observe(floor.symbol, Decimal(price), T0 + after_ms)
    return [fill.quantity for fill in await floor.told()]


async def refusal(floor: PaperFloor, order: Order) -> str:
    """Why an order is refused; empty where it is taken."""
    answer = await floor.venue.submit(order)
    return answer.reason if isinstance(answer, Rejected) else ""


# -- latency ------------------------------------------------------------------------------------


async def test_an_order_fills_no_earlier_than_the_latency_after_it_came() -> None:
    floor = honest(latency_ms=100)
    await seen(floor, "50000", 0)
    await floor.submit(floor.order())
    assert await seen(floor, "50001", 99) == []
    assert await seen(floor, "50002", 100) == [Decimal("0.01")]
    assert floor.fills[0].price == 50_002


async def test_a_touched_stop_fills_at_the_price_of_then_and_slips_a_target_does_not() -> None:
    floor = honest(latency_ms=100, slippage_pct="1")
    await seen(floor, "98", 0)
    await floor.submit(floor.order(SELL, OrderType.STOP, price="98"))
    await floor.submit(floor.order(SELL, OrderType.TAKE_PROFIT, price="98"))
    assert await floor.told() == []
    await seen(floor, "96", 250)
    assert [fill.price for fill in floor.fills] == [Decimal("95.04"), Decimal(96)]


async def test_a_clock_that_is_far_ahead_of_the_market_holds_no_order_up() -> None:
    floor = honest(latency_ms=100)
    await seen(floor, "50000", 0)
    await floor.submit(floor.order(created_ms=T0 + 10 * MINUTE_MS))
    assert await seen(floor, "50000", 5_000) == []
    assert await seen(floor, "50000", 5_100) == [Decimal("0.01")]


# -- volume -------------------------------------------------------------------------------------


async def test_a_large_order_fills_in_parts_as_volume_trades() -> None:
    floor = honest(volume="1")
    order = floor.order(quantity="0.25")
    await floor.submit(order)
    assert await seen(floor, "50000", 0) == [Decimal("0.1")]
    assert await floor.status(order) is OrderStatus.PARTIALLY_FILLED
    assert await seen(floor, "50000", 1_000) == []  # less than a tenth has come back
    assert await seen(floor, "50000", 30_000) == [Decimal("0.05")]
    assert await seen(floor, "51000", 95_000) == [Decimal("0.1")]
    report = (await floor.venue.find(order)).report
    assert report is not None
    assert (report.status, report.filled) == (OrderStatus.FILLED, Decimal("0.25"))
    assert report.average_price == Decimal(50_400)
    assert len({fill.venue_trade_id for fill in floor.fills}) == 3


async def test_a_small_order_fills_whole_and_all_orders_share_the_volume() -> None:
    floor = honest(volume="1")
    for quantity in ("0.06", "0.06"):
        await floor.submit(floor.order(quantity=quantity))
    assert await seen(floor, "50000", 0) == [Decimal("0.06"), Decimal("0.04")]


async def test_the_rest_of_a_partial_fill_can_be_cancelled_and_an_ioc_has_none() -> None:
    floor = honest(volume="1")
    order = floor.order(quantity="0.25")
    await floor.submit(order)
    await seen(floor, "50000", 0)
    assert await floor.venue.cancel(order)
    assert await floor.status(order) is OrderStatus.CANCELLED
    ioc = floor.limit("50000", quantity="0.25", time_in_force=TimeInForce.IOC)
    await floor.submit(ioc)
    assert await seen(floor, "50000", MINUTE_MS) == [Decimal("0.1")]
    assert await floor.status(ioc) is OrderStatus.EXPIRED
    assert await floor.resting() == []


async def test_what_trades_no_volume_at_all_still_fills() -> None:
    for floor in (honest(), honest(volume="0")):
        await floor.submit(floor.order(quantity="5"))
        assert await seen(floor, "50000", 0) == [Decimal(5)]


@given(
    wanted=st.lists(st.decimals("0.001", "3", places=3), min_size=1, max_size=20),
    waits=st.lists(st.integers(0, 90_000), min_size=20, max_size=20),
)
def test_never_more_than_the_share_of_the_volume_is_taken(
    wanted: list[Decimal], waits: list[int]
) -> None:
    budget, now_ms, taken = VolumeBudget(lambda _: (Decimal(10), MINUTE_MS)), T0, ZERO
    for amount, wait_ms in zip(wanted, waits, strict=False):
        now_ms += wait_ms
        part = budget.take(SYMBOL, amount, Decimal(10), now_ms, Decimal("0.001"))
        assert 0 <= part <= amount
        taken += part
        assert taken <= 1 + Decimal(now_ms - T0) / MINUTE_MS


# -- funds --------------------------------------------------------------------------------------


async def test_an_entry_that_the_account_cannot_pay_is_refused_in_figures() -> None:
    floor = honest(fee_pct="0.1", funds={"USDT": Decimal(500)})
    await seen(floor, "50000", 0)
    assert await refusal(floor, floor.order(quantity="0.01")) == (
        "the paper account cannot pay: it needs 500.5 USDT and has 500 free"
    )
    assert await refusal(floor, floor.order(quantity="0.0099")) == ""
    assert "has 4.505 free" in await refusal(floor, floor.order(quantity="0.0099"))


async def test_spot_sells_only_what_is_held_unless_the_market_is_simulated() -> None:
    floor = honest(funds={"USDT": Decimal(500)})
    await seen(floor, "50000", 0)
    assert "needs 0.001 BTC and has 0 free" in await refusal(
        floor, floor.order(SELL, quantity="0.001")
    )
    demo = honest(funds={"USDT": Decimal(500)}, is_known=False)
    await seen(demo, "50000", 0)
    assert await refusal(demo, demo.order(SELL, quantity="0.009")) == ""
    assert await seen(demo, "50000", 1) == [Decimal("0.009")]
    assert (await demo.venue.balances()).free["USDT"] == 50  # twice what the sale brought is locked
    assert "cannot pay" in await refusal(demo, demo.order(SELL, quantity="0.009"))
    await demo.filled(demo.order(BUY, quantity="0.009", reduce_only=True))
    assert (await demo.venue.balances()).free["USDT"] == 500


async def test_swaps_lock_margin_by_leverage_and_exits_are_never_refused() -> None:
    floor = honest(funds={"USDT": Decimal(500)}, symbol=SWAP)
    await seen(floor, "50000", 0)
    assert "cannot pay" in await refusal(floor, floor.order(quantity="0.02"))
    await floor.venue.prepare(SWAP, leverage=5, margin_mode=None)
    await floor.filled(floor.order(quantity="0.02"))
    balances = await floor.venue.balances()
    assert (balances.used["USDT"], balances.free["USDT"]) == (200, 300)
    await floor.filled(floor.order(SELL, quantity="0.02", reduce_only=True), "40000")
    assert (await floor.venue.balances()).total == {"USDT": Decimal(300)}


async def test_orders_that_rest_have_spent_their_money() -> None:
    floor = honest(funds={"USDT": Decimal(500)})
    await seen(floor, "50000", 0)
    assert isinstance(await floor.venue.submit(floor.limit("40000", quantity="0.01")), Accepted)
    assert (await floor.venue.balances()).free["USDT"] == 100
    assert "has 100 free" in await refusal(floor, floor.limit("40000", quantity="0.01"))


async def test_without_funds_nothing_is_checked() -> None:
    floor = honest()
    await seen(floor, "50000", 0)
    assert await refusal(floor, floor.order(SELL, quantity="100")) == ""


@pytest.mark.parametrize("bad", [None, "NaN", "0", "-1", "Infinity"])
async def test_s12_a_bid_or_ask_that_is_no_price_is_not_used(bad: str | None) -> None:
    floor = honest()
    await floor.submit(floor.order())
    quoted = None if bad is None else Decimal(bad)
    floor.venue.observe(SYMBOL, Decimal(50_000), T0, bid=quoted, ask=quoted)
    assert [fill.price for fill in await floor.told()] == [Decimal(50_000)]
