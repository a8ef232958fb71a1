import numpy as np
import pytest

from cts_tui.clock import ManualClock
from cts_tui.errors import ConfigError
from cts_tui.market.aggregate import aggregate
from cts_tui.market.simulated import DEFAULT_SYMBOLS, SimulatedMarket
from cts_tui.market.simulated_feed import SimulatedFeed
from cts_tui.market.simulated_path import usual_price
from cts_tui.model.market import CandleClosed, Source, Tick

MINUTE, HOUR = 60_000, 3_600_000
NOON = 1_763_812_800_000
START = NOON + 17_300
PAIR = ("BTC/USDT", "DOGE/USDT")


def market(symbols=PAIR, seed=7, start_ms=START, resume=None) -> SimulatedMarket:
    return SimulatedMarket(symbols, seed, start_ms, resume)


def told(simulated, times):
    return [event for now_ms in times for event in simulated.advance_to(now_ms)]


def ticks(events):
    return [event for event in events if isinstance(event, Tick)]


def closed(events):
    return [event for event in events if isinstance(event, CandleClosed)]


def test_the_same_seed_symbols_and_start_give_the_same_market_at_any_pace():
    end = START + 3 * MINUTE
    steady = told(market(), range(START, end + 1, 250))
    slow = told(market(), [*range(START, end, 3_700), end])
    assert steady == slow
    assert len(ticks(steady)) == 2 * 720


def test_another_seed_gives_another_market():
    assert told(market(), [START + 1_000]) != told(market(seed=8), [START + 1_000])


def test_a_symbol_goes_its_way_whatever_others_are_traded():
    alone = market(["DOGE/USDT"]).history("DOGE/USDT", 480)
    assert list(alone) == list(market().history("DOGE/USDT", 480))


def test_history_is_eight_hours_of_closed_candles_without_a_hole():
    history = market().history("BTC/USDT", 1_000)
    assert len(history) == 480
    assert history.time_ms[-1] == NOON - MINUTE
    assert (np.diff(history.time_ms) == MINUTE).all()
    assert len(market().history("BTC/USDT", 10)) == 10


def test_candles_are_the_aggregation_of_their_ticks():
    events = told(market(start_ms=NOON), range(NOON, NOON + 2 * MINUTE + 1, 250))
    for event in closed(events):
        prices = [
            float(tick.price)
            for tick in ticks(events)
            if tick.symbol == event.symbol and 0 <= tick.time_ms - event.candle.time_ms < MINUTE
        ]
        assert len(prices) == 240
        expected = (prices[0], max(prices), min(prices), prices[-1])
        assert event.candle[1:5] == expected
    assert len(closed(events)) == 4


def test_events_come_in_time_order_and_a_candle_before_the_tick_that_follows_it():
    events = told(market(), [START + n * 4_000 for n in range(60)])
    times = [e.time_ms if isinstance(e, Tick) else e.candle.time_ms + MINUTE for e in events]
    assert times == sorted(times)
    first_close = events.index(closed(events)[0])
    assert isinstance(events[first_close - 1], Tick)
    assert events[first_close - 1].time_ms == NOON + MINUTE - 250
    assert events[first_close + 2].time_ms == NOON + MINUTE


def test_all_is_flagged_simulated():
    assert {e.source for e in told(market(), [START + n for n in (0, 4_000, 90_000)])} == {
        Source.SIMULATED
    }


def test_nothing_jumps_where_history_ends_and_ticks_begin():
    simulated = market(DEFAULT_SYMBOLS, start_ms=NOON)
    for tick in simulated.advance_to(NOON):
        last = simulated.history(tick.symbol, 1).close[-1]
        assert float(tick.price) == pytest.approx(last, rel=0.002)


def test_a_market_asked_at_its_start_tells_the_tick_of_now_only_once():
    simulated = market(start_ms=NOON)
    assert [tick.time_ms for tick in simulated.advance_to(NOON)] == [NOON, NOON]
    assert simulated.advance_to(NOON) == []


def test_a_clock_set_back_brings_nothing_until_it_catches_up():
    simulated = market()
    simulated.advance_to(START + 2_000)
    assert told(simulated, [START - HOUR, START, START + 2_000]) == []
    assert len(simulated.advance_to(START + 2_250)) == 2


def test_a_clock_that_leaps_brings_every_candle_but_only_the_newest_ticks():
    leapt = market().advance_to(START + HOUR)
    assert len(closed(leapt)) == 2 * 60
    assert [tick.time_ms for tick in leapt[-2:]] == [NOON + HOUR + 17_250] * 2
    assert len(leapt) == 2 * 60 + 2


def test_a_leap_gives_the_same_candles_as_a_walk():
    end = START + HOUR
    walked = told(market(), [*range(START, end, 2_000), end])
    leapt = told(market(), [START + 5, end])
    assert closed(walked) == closed(leapt)
    assert ticks(walked)[-2:] == ticks(leapt)[-2:]


def test_a_leap_over_days_makes_up_for_eight_hours_and_goes_on_from_the_price():
    simulated = market(["BTC/USDT"])
    candles = [e.candle for e in closed(simulated.advance_to(START + 100 * HOUR))]
    assert len(candles) == 481
    assert candles[0].time_ms == NOON
    assert candles[-1].time_ms == NOON + 100 * HOUR - MINUTE
    assert candles[1].open == pytest.approx(candles[0].close, rel=0.01)


def test_history_grows_with_the_market():
    simulated = market()
    events = told(simulated, [START, START + MINUTE])
    assert simulated.history("BTC/USDT", 1).time_ms[-1] == closed(events)[-1].candle.time_ms


def test_a_resumed_market_goes_on_from_the_last_stored_candle():
    simulated = market(["BTC/USDT"], resume={"BTC/USDT": (NOON - 11 * MINUTE, 50_000.0)})
    history = simulated.history("BTC/USDT", 1_000)
    assert (history.time_ms[0], len(history)) == (NOON - 10 * MINUTE, 10)
    assert history.open[0] == pytest.approx(50_000.0, rel=0.01)


def test_a_market_resumed_within_a_minute_has_nothing_to_make_up_for():
    simulated = market(["BTC/USDT"], resume={"BTC/USDT": (NOON - MINUTE, 50_000.0)})
    assert len(simulated.history("BTC/USDT", 1_000)) == 0
    (tick,) = market(
        ["BTC/USDT"], start_ms=NOON, resume={"BTC/USDT": (NOON - MINUTE, 50_000.0)}
    ).advance_to(NOON)
    assert float(tick.price) == pytest.approx(50_000.0, rel=0.01)


def test_a_market_resumed_after_days_makes_up_for_eight_hours():
    simulated = market(["BTC/USDT"], resume={"BTC/USDT": (NOON - 99 * HOUR, 50_000.0)})
    history = simulated.history("BTC/USDT", 1_000)
    assert len(history) == 480
    assert history.open[0] == pytest.approx(50_000.0, rel=0.01)


def test_a_market_resumed_from_the_future_goes_on_from_now():
    simulated = market(["BTC/USDT"], resume={"BTC/USDT": (NOON + 9 * HOUR, 50_000.0)})
    assert len(simulated.history("BTC/USDT", 1_000)) == 0
    assert len(simulated.advance_to(START + 250)) == 1


@pytest.mark.parametrize("price", [0.0, -1.0, float("nan"), float("inf")])
def test_s12_a_price_that_cannot_be_is_not_resumed_from(price):
    with pytest.raises(ValueError, match="positive price"):
        market(resume={"BTC/USDT": (NOON, price)})


def test_a_tiny_price_stays_positive():
    simulated = market(["SHIB/USDT"], resume={"SHIB/USDT": (NOON - 99 * HOUR, 1.2e-8)})
    assert (simulated.history("SHIB/USDT", 480).low > 0).all()


def test_a_market_at_the_epoch_has_no_candles_before_it():
    simulated = market(start_ms=5 * MINUTE)
    assert simulated.history("BTC/USDT", 480).time_ms[0] == 0


def test_prices_are_what_one_would_expect_and_unknown_symbols_have_their_own():
    assert usual_price("BTC/USDT") > usual_price("ETH/USDT") > usual_price("DOGE/USDT")
    assert usual_price("BTC/USDT:USDT") == usual_price("BTC/USDT")
    assert usual_price("FOO/USDT") == usual_price("FOO/USDT") != usual_price("BAR/USDT")


def test_volume_rises_with_movement():
    for symbol in DEFAULT_SYMBOLS:
        history = market(DEFAULT_SYMBOLS).history(symbol, 480)
        movement = (history.high - history.low) / history.low
        assert np.corrcoef(movement, history.volume)[0, 1] > 0.4
        assert (history.volume > 0).all()


@pytest.mark.parametrize("seed", [7, 8, 9])
def test_the_built_in_rules_find_signals_on_every_symbol_within_a_day(seed):
    talib = pytest.importorskip("talib")
    simulated = market(DEFAULT_SYMBOLS, seed)
    simulated.advance_to(START + 8 * HOUR)
    simulated.advance_to(START + 16 * HOUR)
    for symbol in DEFAULT_SYMBOLS:
        close = simulated.history(symbol, 1_440).close
        rsi, histogram = talib.RSI(close, 14), talib.MACD(close)[2]
        crossed = _turned_positive(talib.SMA(close, 10) - talib.SMA(close, 30))
        assert (crossed & (rsi[1:] < 70)).sum() >= 5
        assert (rsi < 30).sum() >= 5
        assert _turned_positive(histogram).sum() >= 10


def _turned_positive(values):
    return (values[1:] > 0) & (values[:-1] <= 0)


def test_stops_of_two_and_targets_of_three_percent_are_hit_now_and_then():
    hits = {"stop": 0, "target": 0}
    for symbol in DEFAULT_SYMBOLS:
        history = market(DEFAULT_SYMBOLS).history(symbol, 480)
        for entry in range(0, 480, 30):
            price = history.close[entry]
            hits["stop"] += bool((history.low[entry + 1 :] <= price * 0.98).any())
            hits["target"] += bool((history.high[entry + 1 :] >= price * 1.03).any())
    assert min(hits.values()) >= 10


async def test_the_feed_tells_what_the_clock_brings_and_ends_when_closed():
    clock = ManualClock(NOON)
    feed = SimulatedFeed(market(start_ms=NOON), clock, interval_s=0)
    batches = []
    async for batch in feed.events():
        batches.append(batch)
        clock.advance(1_000)
        if len(batches) == 3:
            await feed.close()
    assert [len(batch) for batch in batches] == [2, 8, 8]
    assert (feed.source, feed.has_ticks) == (Source.SIMULATED, True)


async def test_the_feed_aggregates_its_history_to_the_timeframe_asked_for():
    simulated = market()
    feed = SimulatedFeed(simulated, ManualClock(START))
    minutes = simulated.history("BTC/USDT", 480)
    history = await feed.history("BTC/USDT", "5m", 20)
    assert list(history) == list(aggregate(minutes, "1m", "5m"))[-20:]
    assert list(await feed.history("BTC/USDT", "1m", 9)) == list(minutes)[-9:]
    with pytest.raises(ConfigError):
        await feed.history("BTC/USDT", "30s", 20)
