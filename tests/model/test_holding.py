"""What a position holds and earns is told by its fills alone, to the last digit."""

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cts_tui.model.holding import FeeParts, Holding, fee_parts
from cts_tui.model.money import ZERO, round_money
from cts_tui.model.records import Fill
from cts_tui.model.trading import Direction, Side

quantities = st.decimals(min_value="0.001", max_value=1000, places=5)
prices = st.decimals(min_value="0.01", max_value=100_000, places=4)
fees = st.decimals(min_value="-0.01", max_value=1, places=8)


def fill(quantity: Any, price: Any, fee: Any = 0, currency: str = "USDT", **changes: Any) -> Fill:
    values: dict[str, Any] = {
        "client_order_id": "cts-a",
        "venue_order_id": "1",
        "venue_trade_id": "t1",
        "symbol": "BTC/USDT",
        "side": Side.BUY,
        "time_ms": 1,
    }
    return Fill(
        quantity=Decimal(quantity),
        price=Decimal(price),
        fee=Decimal(fee),
        fee_currency=currency,
        **values | changes,
    )


@pytest.mark.parametrize(
    ("symbol", "currency", "expected"),
    [
        ("BTC/USDT", "USDT", FeeParts(Decimal("0.1"), ZERO, Decimal("0.1"))),
        ("BTC/USDT", "BTC", FeeParts(Decimal(10), Decimal("0.1"), ZERO)),
        ("BTC/USDT", "BNB", FeeParts(Decimal(30), ZERO, Decimal(30))),
        ("BTC/USDT:USDT", "USDT", FeeParts(Decimal("0.1"), ZERO, Decimal("0.1"))),
        ("BTC/USDC:USDT", "USDT", FeeParts(Decimal("0.1"), ZERO, Decimal("0.1"))),
    ],
)
def test_a_fee_is_paid_in_quote_taken_from_the_quantity_or_valued(
    symbol: str, currency: str, expected: FeeParts
) -> None:
    one = fill(1, 100, "0.1", currency, symbol=symbol)
    assert fee_parts(one, Decimal(300)) == expected


def test_a_fee_in_a_third_currency_without_a_price_counts_as_nothing() -> None:
    assert fee_parts(fill(1, 100, "0.1", "BNB")) == FeeParts(ZERO, ZERO, ZERO)


def test_a_long_that_paid_in_base_sells_what_is_left() -> None:
    holding = Holding(Direction.LONG)
    bought, sold = fill(1, 100, "0.001", "BTC"), fill("0.999", 110, "0.11", side=Side.SELL)
    holding.enter(bought, fee_parts(bought))
    assert (holding.quantity, holding.held) == (Decimal("0.999"), Decimal("0.999"))
    holding.leave(sold, fee_parts(sold))
    assert holding.held == 0
    assert holding.pnl() == Decimal("9.78")
    assert holding.fees == Decimal("0.21")


def test_a_short_that_is_bought_back_in_parts() -> None:
    holding = Holding(Direction.SHORT)
    holding.enter(fill(2, 100, side=Side.SELL), FeeParts(ZERO, ZERO, ZERO))
    holding.leave(fill("0.5", 90), FeeParts(ZERO, ZERO, ZERO))
    assert (holding.held, holding.pnl(Decimal(100))) == (Decimal("1.5"), Decimal(5))
    holding.leave(fill("1.5", 110), FeeParts(ZERO, ZERO, ZERO))
    assert (holding.held, holding.pnl()) == (ZERO, Decimal(-10))
    assert holding.exit_price == Decimal(105)


@given(
    st.sampled_from(Direction),
    st.lists(st.tuples(quantities, prices, fees, st.sampled_from(["USDT", "BTC", "BNB"]))),
    st.lists(st.tuples(quantities, prices, fees)),
    prices,
)
def test_pnl_is_the_sum_of_the_cash_flows_and_the_worth_of_what_is_held(
    side: Direction, entries: list[Any], exits: list[Any], mark: Decimal
) -> None:
    holding, cash, base, bnb = Holding(side), ZERO, ZERO, Decimal(300)
    to_open = Side.to_open(side)
    for quantity, price, fee, currency in entries:
        one = fill(quantity, price, fee, currency, side=to_open)
        holding.enter(one, fee_parts(one, bnb))
        cash -= side.sign * quantity * price
        base += side.sign * quantity
        cash, base = paid(fee, currency, bnb, cash, base, side)
    for quantity, price, fee in exits:
        one = fill(quantity, price, fee, side=to_open)
        holding.leave(one, fee_parts(one))
        cash += side.sign * quantity * price - fee
        base -= side.sign * quantity
    assert holding.held == side.sign * base
    assert holding.pnl(mark) == round_money(cash + base * mark)
    assert holding.fees >= holding.paid_fees or any(fee < 0 for _, _, fee, *_ in [*entries, *exits])


def paid(
    fee: Decimal, currency: str, bnb: Decimal, cash: Decimal, base: Decimal, side: Direction
) -> tuple[Decimal, Decimal]:
    """Return cash and base after a fee. What a fee takes in base, it takes from what is held."""
    if currency == "BTC":
        return cash, base - side.sign * fee
    return cash - fee * (bnb if currency == "BNB" else 1), base


@given(
    st.sampled_from(Direction),
    st.lists(st.tuples(quantities, prices, fees), min_size=1),
    st.randoms(),
)
def test_the_order_of_fills_makes_no_difference(
    side: Direction, entries: list[Any], chance: Any
) -> None:
    fills = [fill(*entry) for entry in entries]
    shuffled = list(fills)
    chance.shuffle(shuffled)
    one, other = Holding(side), Holding(side)
    for a, b in zip(fills, shuffled, strict=True):
        one.enter(a, fee_parts(a))
        other.enter(b, fee_parts(b))
    assert (one.quantity, one.pnl(), one.entry_price, one.fees) == (
        other.quantity,
        other.pnl(),
        other.entry_price,
        other.fees,
    )
