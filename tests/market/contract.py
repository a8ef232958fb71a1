"""What every feed must do, as numbered cases. A feed's tests subclass `FeedContract`."""

from collections.abc import AsyncIterator

import pytest

from cts_tui.errors import ConfigError
from cts_tui.market.freshness import FUTURE_TOLERANCE_MS

from .floors import MINUTE_MS, FeedFloor, Until, is_gapless, reading


class FeedContract:
    """Subclasses give the fixture `floor`."""

    @pytest.fixture
    async def floor(self, until: Until) -> AsyncIterator[FeedFloor]:
        raise NotImplementedError
        yield

    async def test_f01_history_is_the_newest_closed_candles_oldest_first(
        self, floor: FeedFloor
    ) -> None:
        history = list(await floor.feed.history("BTC/USDT", "1m", 50))
        truth = floor.truth("BTC/USDT")
        assert len(history) == 50
        assert is_gapless(history)
        assert history[-1].time_ms + MINUTE_MS <= floor.clock.now_ms()
        told = {candle.time_ms: candle for candle in truth}
        assert history == [told[candle.time_ms] for candle in history]

    async def test_f02_a_history_that_does_not_exist_is_short_not_invented(
        self, floor: FeedFloor
    ) -> None:
        history = await floor.feed.history("BTC/USDT", "1m", 20_000)
        assert 0 < len(history) <= len(floor.truth("BTC/USDT"))

    async def test_f03_events_go_on_where_history_ends_without_gap_or_repetition(
        self, floor: FeedFloor, until: Until
    ) -> None:
        past = {s: list(await floor.feed.history(s, "1m", 20)) for s in floor.symbols}
        async with reading(floor.feed) as told:
            await until(lambda: all(told.ticks(symbol) for symbol in floor.symbols), "alive")
            for count in range(3):
                await floor.pass_minute()
                await until(
                    lambda count=count: all(len(told.candles(s)) > count for s in floor.symbols),
                    "a candle of each",
                )
        for symbol in floor.symbols:
            assert is_gapless([past[symbol][-1], *told.candles(symbol)])

    async def test_f04_the_candles_are_those_of_the_market(
        self, floor: FeedFloor, until: Until
    ) -> None:
        for symbol in floor.symbols:
            await floor.feed.history(symbol, "1m", 20)
        async with reading(floor.feed) as told:
            await until(lambda: all(told.ticks(symbol) for symbol in floor.symbols), "alive")
            for _ in range(3):
                await floor.pass_minute()
            await until(lambda: all(len(told.candles(s)) >= 2 for s in floor.symbols), "candles")
        for symbol in floor.symbols:
            truth = {candle.time_ms: candle for candle in floor.truth(symbol)}
            assert told.candles(symbol) == [truth[c.time_ms] for c in told.candles(symbol)]

    async def test_f05_every_event_says_where_it_came_from_and_is_not_from_the_future(
        self, floor: FeedFloor, until: Until
    ) -> None:
        async with reading(floor.feed) as told:
            await until(lambda: all(told.ticks(symbol) for symbol in floor.symbols), "alive")
            await floor.pass_minute()
            await until(lambda: told.candles("BTC/USDT"), "a candle")
            source = floor.feed.source
        assert floor.feed.has_ticks
        assert source in {event.source for event in told.events}
        assert not {"synthetic", "csv"} & {event.source for event in told.events}
        for tick in told.ticks("BTC/USDT"):
            assert tick.price > 0
            assert tick.time_ms <= floor.clock.now_ms() + FUTURE_TOLERANCE_MS
        for candle in told.candles("BTC/USDT"):
            assert candle.time_ms + MINUTE_MS <= floor.clock.now_ms()

    async def test_f06_only_symbols_that_were_asked_for_are_told(
        self, floor: FeedFloor, until: Until
    ) -> None:
        async with reading(floor.feed) as told:
            await floor.pass_minute()
            await until(lambda: told.ticks("ETH/USDT"), "alive")
        assert {event[0] for event in told.events} <= set(floor.symbols)

    async def test_f07_closing_ends_the_events_and_can_be_done_again(
        self, floor: FeedFloor, until: Until
    ) -> None:
        async with reading(floor.feed) as told:
            await until(lambda: told.events, "alive")
            await floor.feed.close()
            await until(lambda: told.is_over, "the end")
            await floor.feed.close()
        assert told.error is None

    async def test_f08_a_feed_that_nobody_reads_can_be_closed(self, floor: FeedFloor) -> None:
        await floor.feed.close()

    async def test_f09_a_timeframe_that_it_cannot_give_is_refused(self, floor: FeedFloor) -> None:
        with pytest.raises(ConfigError, match="7s"):
            await floor.feed.history("BTC/USDT", "7s", 10)
