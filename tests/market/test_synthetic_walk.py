from decimal import Decimal

import pytest

from cts_tui.clock import ManualClock
from cts_tui.market.synthetic import SyntheticFeed, SyntheticWalk
from cts_tui.model.market import Candle, CandleClosed, Source

NOON = 1_763_812_800_000
LAST = {"BTC/USDT": Decimal("98000.5"), "PEPE/USDT": 0.00001234}


def test_every_tick_is_flagged_synthetic_and_stands_at_now():
    for tick in SyntheticWalk(LAST, seed=1).step(NOON):
        assert (tick.source, tick.time_ms) == (Source.SYNTHETIC, NOON)


def test_the_walk_starts_at_the_last_close_and_takes_small_steps():
    walk = SyntheticWalk(LAST, seed=1)
    last = {symbol: float(price) for symbol, price in LAST.items()}
    for step in range(1_000):
        for tick in walk.step(NOON + step):
            assert float(tick.price) == pytest.approx(last[tick.symbol], rel=0.002)
            last[tick.symbol] = float(tick.price)
    assert len(set(last.values()) & set(map(float, LAST.values()))) == 0


def test_the_same_seed_walks_the_same_way():
    first, second = SyntheticWalk(LAST, seed=3), SyntheticWalk(LAST, seed=3)
    assert [first.step(n) for n in range(9)] == [second.step(n) for n in range(9)]


@pytest.mark.parametrize("price", ["1e-8", "0.1", "123456789012345678901234567890.5", "1E+20"])
def test_s12_a_walk_is_always_positive_and_finite(price):
    walk = SyntheticWalk({"X/USDT": Decimal(price)}, seed=1)
    for step in range(500):
        (tick,) = walk.step(step)
        assert tick.price.is_finite()
        assert tick.price > 0


@pytest.mark.parametrize("price", [Decimal(0), Decimal("NaN"), float("inf"), -1.0])
def test_s12_a_last_price_that_cannot_be_is_refused(price):
    with pytest.raises(ValueError, match="X/USDT cannot walk"):
        SyntheticWalk({"X/USDT": price}, seed=1)


def test_ticks_make_candles_that_are_flagged_synthetic():
    clock = ManualClock(NOON)
    feed = SyntheticFeed(SyntheticWalk({"BTC/USDT": 98_000.0}, seed=1), clock, "1m")
    prices = []
    for _ in range(60):
        prices.append(float(feed.step()[0].price))
        clock.advance(1_000)
    closed, tick = feed.step()
    expected = Candle(NOON, prices[0], max(prices), min(prices), prices[-1], 0.0)
    assert closed == CandleClosed("BTC/USDT", "1m", expected, Source.SYNTHETIC)
    assert tick.time_ms == NOON + 60_000


def test_a_clock_set_back_closes_no_candle():
    clock = ManualClock(NOON)
    feed = SyntheticFeed(SyntheticWalk({"BTC/USDT": 98_000.0}, seed=1), clock, "1m")
    feed.step()
    clock.advance(-600_000)
    assert len(feed.step()) == 1


def test_a_timeframe_that_is_none_is_refused():
    with pytest.raises(ValueError, match="not a timeframe"):
        SyntheticFeed(SyntheticWalk(LAST, seed=1), ManualClock(), "1x")


async def test_the_feed_goes_on_until_it_is_closed_and_invents_no_past():
    feed = SyntheticFeed(SyntheticWalk(LAST, seed=1), ManualClock(NOON), "1m", interval_s=0)
    assert len(await feed.history("BTC/USDT", "1m", 100)) == 0
    assert (feed.source, feed.has_ticks) == (Source.SYNTHETIC, True)
    batches = []
    async for batch in feed.events():
        batches.append(batch)
        if len(batches) == 3:
            await feed.close()
    assert [len(batch) for batch in batches] == [2, 2, 2]
