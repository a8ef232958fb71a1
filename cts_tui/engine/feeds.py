"""Which market feed a connection gets."""

from cts_tui.engine.context import EngineContext
from cts_tui.engine.sessions import SessionKeeper
from cts_tui.engine.universe import Universe
from cts_tui.errors import ConfigError
from cts_tui.market.feed import Feed
from cts_tui.market.simulated import DEFAULT_SYMBOLS, SimulatedMarket
from cts_tui.market.simulated_feed import SimulatedFeed
from cts_tui.model.connection import RECORDED_EXCHANGE, SIMULATED_EXCHANGE


async def connect_feed(context: EngineContext, keeper: SessionKeeper, universe: Universe) -> Feed:
    """Return a feed for a connection, its symbols chosen.

    A simulated market goes on from the candles we have. Raises ConfigError where the data cannot be
    had as the connection is set up, RetryableError where it cannot be had now.
    """
    setup, settings = context.setup, context.settings
    if setup.exchange == SIMULATED_EXCHANGE:
        symbols = setup.symbols or DEFAULT_SYMBOLS
        resume = resume_points(context)
        market = SimulatedMarket(symbols, settings.demo_seed, context.now_ms(), resume)
        return SimulatedFeed(market, context.clock)
    if setup.exchange == RECORDED_EXCHANGE:
        raise ConfigError(f"{setup.name} holds a replay of recorded candles: it has no market feed")
    session = await keeper.obtain()
    await universe.choose(session)
    from cts_tui.market.ccxt_feed import CcxtFeed
    from cts_tui.market.ccxt_feed_intake import FeedBounds

    bounds = FeedBounds(
        poll_s=settings.feed_poll_s,
        silent_s=settings.feed_silent_s,
        grace_s=settings.candle_grace_s,
    )
    feed = CcxtFeed(session, context.symbols, setup.timeframe, context.clock, bounds)
    feed.watch(context.symbols, universe.not_traded)
    return feed


def resume_points(context: EngineContext) -> dict[str, tuple[int, float]]:
    """Return open time and close of the last candle we have, by symbol."""
    timeframe = context.setup.timeframe
    last = {symbol: context.market.buffer(symbol, timeframe).last for symbol in context.symbols}
    return {
        symbol: (candle.time_ms, candle.close)
        for symbol, candle in last.items()
        if candle is not None
    }
