"""Tickers that give ticks, and those that must not: computed, frozen, late or absurd prices."""

from decimal import Decimal
from typing import Any

import pytest

from cts_tui.market.ccxt_feed_tickers import TickerGate, TickRefusal
from cts_tui.model.market import Source, Tick

NOW = 1_743_699_600_000
SYMBOL = "BTC/USDT"


def ticker(last: Any = 100.5, at: int | None = NOW, **values: Any) -> dict[str, Any]:
    """Return ccxt's ticker as Binance's words give it."""
    info = values.pop("info", {"c": str(last), "o": "99", "h": "105", "l": "95", "x": "99"})
    return {
        "symbol": SYMBOL, "timestamp": at, "last": last, "bid": 100.4, "ask": 100.6,
        "baseVolume": 10.0, "quoteVolume": 1000.0, "open": 99.0, "info": info, **values,
    }  # fmt: skip


def told(gate: TickerGate, said: dict[str, Any], now: int = NOW, offset: int = 0) -> Any:
    return gate.tick(SYMBOL, said, now_ms=now, offset_ms=offset, source=Source.STREAM)


def test_a_ticker_becomes_a_tick() -> None:
    tick = told(TickerGate(), ticker())
    assert tick == Tick(
        SYMBOL, NOW, Decimal("100.5"), Source.STREAM, Decimal("100.4"), Decimal("100.6")
    )


def test_the_same_again_is_no_news() -> None:
    gate = TickerGate()
    told(gate, ticker())
    assert told(gate, ticker()) is None
    assert gate.refused == {}


def test_the_venues_time_becomes_ours() -> None:
    tick = told(TickerGate(), ticker(at=NOW + 30_000), offset=30_000)
    assert tick.time_ms == NOW


def test_a_price_from_the_future_is_refused() -> None:
    assert told(TickerGate(), ticker(at=NOW + 5_000)) is TickRefusal.FUTURE


def test_a_price_older_than_the_one_before_is_refused() -> None:
    gate = TickerGate()
    told(gate, ticker())
    assert told(gate, ticker(99.0, NOW - 1_000)) is TickRefusal.OUT_OF_ORDER


def test_a_ticker_without_a_time_is_of_now_only_when_it_differs() -> None:
    gate = TickerGate()
    assert told(gate, ticker(at=None)).time_ms == NOW
    assert told(gate, ticker(at=None), NOW + 60_000) is None
    assert told(gate, ticker(100.7, None), NOW + 61_000).time_ms == NOW + 61_000


@pytest.mark.parametrize("last", [None, 0.0, -1.0, float("nan"), float("inf"), "x"])
def test_s12_what_is_no_price_is_refused(last: Any) -> None:
    assert told(TickerGate(), ticker(last)) is TickRefusal.NO_PRICE


@pytest.mark.parametrize(
    "info",
    [
        {"c": None, "o": "99", "p": "1.5", "h": "105", "l": "95"},
        {"c": "0", "o": "99", "p": "1.5", "h": "100.5", "l": "95"},
        {"o": "99", "p": "1.5", "h": "105", "l": "95"},
        {"lastPrice": "", "openPrice": "99", "priceChange": "1.5"},
        {"last": None, "open": "100.5", "prevClose": "100.5", "vwap": "100.5"},
        {},
        None,
    ],
)
def test_a_price_that_ccxt_computed_is_refused(info: Any) -> None:
    gate = TickerGate()
    assert told(gate, ticker(info=info)) is TickRefusal.NOT_SAID
    assert gate.refused == {TickRefusal.NOT_SAID: 1}


@pytest.mark.parametrize(
    "info",
    [
        {"lastPrice": "100.5"},
        {"last": 100.5},
        {"lastPr": "100.50"},
        {"data": [{"lastPx": "100.5"}]},
        {"c": ["100.5", "0.1"], "a": ["100.6"]},
        {"24hClose": "100.5"},
        {"trade_price": "100.5"},
        {"lastEp": 1_005_000},
    ],
)
def test_what_the_exchange_said_is_found_in_any_dialect(info: Any) -> None:
    assert isinstance(told(TickerGate(), ticker(info=info)), Tick)


def test_a_price_without_any_words_counts_where_nothing_could_have_been_computed() -> None:
    said = ticker(info=None, open=None)
    assert isinstance(told(TickerGate(), said), Tick)


def test_a_field_of_unknown_name_is_believed_once_it_held_several_prices() -> None:
    gate = TickerGate()
    answers = [
        told(gate, ticker(price, NOW + at, info={"a": str(price), "b": "1", "v": "7"}), NOW + at)
        for at, price in enumerate((100.0, 101.0, 102.0, 103.0))
    ]
    assert [isinstance(answer, Tick) for answer in answers] == [False, False, True, True]


def test_a_low_that_equals_a_computed_price_now_and_then_is_not_believed() -> None:
    gate = TickerGate()
    for at in range(20):
        price = 100.0 + at
        low = price if at % 3 == 0 else 95.0
        info = {"c": None, "l": str(low), "o": "99"}
        assert told(gate, ticker(price, NOW + at, info=info), NOW + at) is TickRefusal.NOT_SAID


def test_bid_and_ask_are_passed_on_only_where_they_can_be_one() -> None:
    gate = TickerGate()
    crossed = told(gate, ticker(bid=101.0, ask=100.0))
    assert (crossed.bid, crossed.ask) == (None, None)
    half = told(gate, ticker(at=NOW + 1, bid=0.0, ask=100.7), NOW + 1)
    assert (half.bid, half.ask) == (None, Decimal("100.7"))


def test_bids_and_asks_that_come_apart_go_with_the_price() -> None:
    gate = TickerGate()
    told(gate, ticker(bid=None, ask=None))
    quote = {"bid": 100.1, "ask": 100.2}
    assert gate.quoted(SYMBOL, quote).bid == Decimal("100.1")  # type: ignore[union-attr]
    assert gate.quoted(SYMBOL, quote) is None
    tick = told(gate, ticker(100.9, NOW + 1, bid=None, ask=None), NOW + 1)
    assert (tick.bid, tick.ask) == (Decimal("100.1"), Decimal("100.2"))
    gate.forget_quotes()
    tick = told(gate, ticker(101.0, NOW + 2, bid=None, ask=None), NOW + 2)
    assert (tick.bid, tick.ask) == (None, None)


def test_a_quote_without_a_price_is_no_tick() -> None:
    assert TickerGate().quoted(SYMBOL, {"bid": 1.0, "ask": 2.0}) is None
