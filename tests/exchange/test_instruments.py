from decimal import Decimal
from typing import Any

import pytest

from cts_tui.exchange.instruments import (
    DECIMAL_PLACES,
    SIGNIFICANT_DIGITS,
    TICK_SIZE,
    instrument_of,
    instruments_of,
    step_of,
)
from cts_tui.exchange.loader import load_exchange
from cts_tui.model.trading import MarketType

BYBIT_SPOT = {
    "symbol": "BTC/USDT",
    "base": "BTC",
    "quote": "USDT",
    "settle": None,
    "spot": True,
    "swap": False,
    "linear": None,
    "active": True,
    "contractSize": None,
    "taker": 0.001,
    "maker": 0.001,
    "precision": {"amount": 1e-06, "price": 0.01},
    "limits": {
        "amount": {"min": 4e-05, "max": 63.01197227},
        "cost": {"min": 1.0, "max": 100000.0},
        "price": {"min": None, "max": None},
    },
}
OKX_SWAP = {
    "symbol": "BTC/USDT:USDT",
    "base": "BTC",
    "quote": "USDT",
    "settle": "USDT",
    "spot": False,
    "swap": True,
    "linear": True,
    "active": None,
    "contractSize": 0.01,
    "taker": 0.0005,
    "maker": -0.0002,
    "precision": {"amount": 0.1, "price": 0.1},
    "limits": {"amount": {"min": 0.1, "max": None}, "cost": {"min": None, "max": None}},
}
KRAKEN_SPOT = BYBIT_SPOT | {
    "symbol": "BTC/EUR",
    "quote": "EUR",
    "precision": {"amount": 8, "price": 1},
    "limits": {"amount": {"min": 0.0001}, "cost": {"min": 0.5}},
}


def test_a_spot_market_with_tick_sizes() -> None:
    found = instrument_of(BYBIT_SPOT, MarketType.SPOT, TICK_SIZE)
    assert found is not None
    assert (found.amount_step, found.price_step) == (Decimal("0.000001"), Decimal("0.01"))
    assert (found.min_amount, found.max_amount) == (Decimal("0.00004"), Decimal("63.01197227"))
    assert (found.min_cost, found.max_cost) == (Decimal(1), Decimal(100000))
    assert (found.settle, found.contract_size, found.is_linear) == ("USDT", Decimal(1), True)
    assert found.taker_fee_pct == Decimal("0.1")


def test_the_amounts_of_a_swap_are_in_base() -> None:
    found = instrument_of(OKX_SWAP, MarketType.SWAP, TICK_SIZE)
    assert found is not None
    assert found.contract_size == Decimal("0.01")
    assert (found.amount_step, found.min_amount) == (Decimal("0.001"), Decimal("0.001"))
    assert found.is_active, "None means that the venue does not say"
    assert found.maker_fee_pct == Decimal("-0.02")


def test_a_market_with_decimal_places() -> None:
    found = instrument_of(KRAKEN_SPOT, MarketType.SPOT, DECIMAL_PLACES)
    assert found is not None
    assert (found.amount_step, found.price_step) == (Decimal("1E-8"), Decimal("0.1"))


@pytest.mark.parametrize(
    ("precision", "mode", "step"),
    [
        (3, DECIMAL_PLACES, "0.001"),
        (0, DECIMAL_PLACES, "1"),
        (-2, DECIMAL_PLACES, "100"),
        (8.0, DECIMAL_PLACES, "1E-8"),
        (0.5, DECIMAL_PLACES, None),
        (1e-08, TICK_SIZE, "1E-8"),
        ("0.25", TICK_SIZE, "0.25"),
        (0, TICK_SIZE, None),
        (float("nan"), TICK_SIZE, None),
        ("much", TICK_SIZE, None),
        (None, TICK_SIZE, None),
        (True, TICK_SIZE, None),
        (5, SIGNIFICANT_DIGITS, None),
    ],
)
def test_the_step_of_a_precision(precision: Any, mode: int, step: str | None) -> None:
    assert step_of(precision, mode) == (None if step is None else Decimal(step))


def test_other_types_inverse_swaps_and_broken_entries_are_left_out() -> None:
    markets: dict[str, Any] = {
        "BTC/USDT": BYBIT_SPOT,
        "BTC/USDT:USDT": OKX_SWAP,
        "BTC/USD:BTC": OKX_SWAP | {"symbol": "BTC/USD:BTC", "linear": False},
        "A/B:C": {"symbol": "A/B:C", "base": None, "quote": None, "swap": True},
    }
    assert list(instruments_of(markets, MarketType.SWAP, TICK_SIZE)) == ["BTC/USDT:USDT"]
    assert list(instruments_of(markets, MarketType.SPOT, TICK_SIZE)) == ["BTC/USDT"]


def test_a_market_of_nothing_but_names_has_no_bounds() -> None:
    bare = {"symbol": "A/B", "base": "A", "quote": "B", "spot": True, "active": False}
    found = instrument_of(bare, MarketType.SPOT, TICK_SIZE)
    assert found is not None
    assert not found.is_active
    assert {found.amount_step, found.price_step, found.min_cost, found.taker_fee_pct} == {None}


@pytest.mark.parametrize("exchange", ["binance", "bybit", "okx", "kraken", "gate", "bitfinex"])
def test_the_precision_modes_are_ccxts(exchange: str) -> None:
    assert load_exchange(exchange)().precisionMode in (
        DECIMAL_PLACES,
        SIGNIFICANT_DIGITS,
        TICK_SIZE,
    )
