"""The symbol filter: what it writes, what it refuses, which symbols it chooses."""

from decimal import Decimal
from typing import Any

import pytest

from cts_tui.errors import ConfigError
from cts_tui.exchange.symbol_filter import parse_filter
from cts_tui.model.instrument import Instrument
from cts_tui.model.trading import MarketType


def instrument(base: str, quote: str = "USDT", **values: Any) -> Instrument:
    nothing: dict[str, Any] = dict.fromkeys(
        (
            "amount_step", "price_step", "min_amount", "max_amount", "min_cost", "max_cost",
            "maker_fee_pct", "taker_fee_pct",
        )
    )  # fmt: skip
    return Instrument(
        **{
            "symbol": f"{base}/{quote}",
            "market": MarketType.SPOT,
            "base": base,
            "quote": quote,
            "settle": quote,
            "is_active": True,
            "is_linear": True,
            "contract_size": Decimal(1),
            **nothing,
            **values,
        }
    )


MARKETS = {
    one.symbol: one
    for one in (
        instrument("BTC"),
        instrument("ETH"),
        instrument("ETH", "BTC"),
        instrument("USDC"),
        instrument("BTCUP"),
        instrument("OLD", is_active=False),
        instrument("INV", is_linear=False),
    )
}


def ticker(volume: float | None, last: float = 100.0, **values: Any) -> dict[str, Any]:
    return {"quoteVolume": volume, "last": last, "bid": last, "ask": last, **values}


TICKERS = {
    "BTC/USDT": ticker(9e7, 50_000.0, ask=50_010.0),
    "ETH/USDT": ticker(5e7, 3_000.0),
    "ETH/BTC": ticker(100.0, 0.06),
    "USDC/USDT": ticker(8e7, 1.0),
    "BTCUP/USDT": ticker(None, 2.0, baseVolume=1e7),
    "OLD/USDT": ticker(9e9),
}


@pytest.mark.parametrize(
    ("text", "chosen"),
    [
        ("quote=USDT", ("BTC/USDT", "BTCUP/USDT", "ETH/USDT", "USDC/USDT")),
        ("quote=usdt,btc base=ETH", ("ETH/BTC", "ETH/USDT")),
        ("quote=USDT exclude=USDC,*UP", ("BTC/USDT", "ETH/USDT")),
        ("base=ETH exclude=ETH/BTC", ("ETH/USDT",)),
        ("quote=USDT volume>60M", ("BTC/USDT", "USDC/USDT")),
        ("quote=USDT volume>=0.05B", ("BTC/USDT", "USDC/USDT", "ETH/USDT")),
        ("quote=USDT volume>19000K top=9", ("BTC/USDT", "USDC/USDT", "ETH/USDT", "BTCUP/USDT")),
        ("top=2", ("BTC/USDT", "USDC/USDT")),
        ("quote=USDT min_price=10 top=10", ("BTC/USDT", "ETH/USDT")),
        ("quote=USDT max_price<=2", ("USDC/USDT", "BTCUP/USDT")),
        ("quote=USDT spread<0.01% base=BTC,ETH", ("ETH/USDT",)),
        ("quote=USDT volume>900B", ()),
    ],
)
def test_it_chooses_what_fits_the_most_traded_first(text: str, chosen: tuple[str, ...]) -> None:
    assert parse_filter(text).chosen(MARKETS, TICKERS) == chosen


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "is empty"),
        ("   ", "is empty"),
        ("USDT", "'USDT' is no term"),
        ("quot=USDT", "did you mean quote?"),
        ("colour=red", "expected quote, base, exclude"),
        ("volume=10M", "volume is written with >"),
        ("volume<10M", "volume is written with >"),
        ("spread>1", "spread is written with <"),
        ("top>3", "top is written with ="),
        ("top=2.5", "expected a whole number"),
        ("top=0", "expected a positive number"),
        ("volume>10X", "expected a positive number"),
        ("volume>NaN", "expected a positive number"),
        ("quote=", "expected one name or more"),
        ("quote=USDT quote=BTC", "says quote twice"),
        ("eval(1)", "is no term"),
    ],
)
def test_what_it_does_not_understand_it_refuses_and_says_what_it_expected(
    text: str, reason: str
) -> None:
    with pytest.raises(ConfigError) as refusal:
        parse_filter(text)
    assert reason in str(refusal.value)


def test_a_figure_that_the_exchange_does_not_tell_does_not_fit() -> None:
    silent = {"BTC/USDT": ticker(None, 1.0), "ETH/USDT": {}}
    assert parse_filter("volume>1").chosen(MARKETS, silent) == ()
    assert parse_filter("spread<5 quote=USDT").chosen(MARKETS, {"BTC/USDT": ticker(1.0, 0.0)}) == ()


def test_names_alone_need_no_tickers() -> None:
    assert not parse_filter("quote=USDT exclude=USDC").needs_tickers
    assert parse_filter("quote=USDT top=3").needs_tickers
