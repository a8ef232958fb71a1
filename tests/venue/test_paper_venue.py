"""The paper venue passes the contract; what is its own stands here."""

from dataclasses import dataclass, replace
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cts_tui.model.records import Order
from cts_tui.venue.paper import PaperVenue

from .contract import BUY, SELL, SYMBOL, T0, TARGET, Floor, Open, VenueContract


@dataclass
class PaperFloor(Floor):
    """The paper venue hears of every price."""

    async def trade(self, symbol: str, price: str, time_ms: int = T0) -> None:
        self.venue.observe(symbol, Decimal(price), time_ms)


async def open_floor(fee_pct: str = "0", slippage_pct: str = "0") -> Floor:
    fee, slippage = Decimal(fee_pct), Decimal(slippage_pct)
    return PaperFloor(PaperVenue(fee_pct=fee, slippage_pct=slippage), fee, slippage)


class TestPaperVenue(VenueContract):
    """Every case, on paper."""

    @pytest.fixture
    def opened(self) -> Open:
        return open_floor


async def test_a_touched_level_fills_at_the_time_of_the_last_price_of_its_symbol() -> None:
    floor = await open_floor()
    await floor.trade("ETH/USDT", "1", T0 + 9)
    await floor.trade(SYMBOL, "100", T0 + 5)
    await floor.venue.submit(TARGET)
    (fill,) = floor.venue.take_fills()
    assert fill.time_ms == T0 + 5


async def test_the_fee_of_a_swap_is_in_its_quote_currency() -> None:
    floor = await open_floor(fee_pct="0.1")
    await floor.venue.submit(replace(SELL, symbol="BTC/USDC:USDC"))
    await floor.trade("BTC/USDC:USDC", "100")
    (fill,) = floor.venue.take_fills()
    assert fill.fee_currency == "USDC"


amounts = st.decimals("0.000001", "1000000", places=6)


@settings(deadline=None)
@given(
    cost=amounts,
    price=amounts,
    fee_pct=st.decimals("0", "1", places=3),
    slippage_pct=st.decimals("0", "5", places=3),
    order=st.sampled_from([BUY, SELL]),
)
async def test_nobody_is_ever_better_off_by_fees_or_slippage(
    cost: Decimal, price: Decimal, fee_pct: Decimal, slippage_pct: Decimal, order: Order
) -> None:
    floor = await open_floor(str(fee_pct), str(slippage_pct))
    sized = replace(order, cost=cost) if order is BUY else replace(order, quantity=cost)
    await floor.venue.submit(sized)
    await floor.trade(SYMBOL, str(price))
    (fill,) = floor.venue.take_fills()
    assert fill.fee >= 0
    assert fill.price >= price if order is BUY else fill.price <= price
    if order is BUY:
        assert abs(fill.quantity * fill.price - cost) <= fill.price * Decimal("1e-12")
