"""Which market feed a connection gets."""

from collections.abc import Mapping

from cts_tui.clock import Clock
from cts_tui.engine.feeding import unavailable
from cts_tui.market.feed import Feed
from cts_tui.market.simulated import DEFAULT_SYMBOLS, SimulatedMarket
from cts_tui.market.simulated_feed import SimulatedFeed
from cts_tui.model.connection import SIMULATED_EXCHANGE, ConnectionSetup


def connect_feed(
    setup: ConnectionSetup, clock: Clock, seed: int, resume: Mapping[str, tuple[int, float]]
) -> Feed:
    """Return a feed for a connection.

    `resume` gives open time and close of the last candle we have of each symbol: a simulated
    market goes on from there. Raises ConfigError for an exchange whose data cannot be had.
    """
    if setup.exchange != SIMULATED_EXCHANGE:
        raise unavailable(setup.exchange)
    symbols = setup.symbols or DEFAULT_SYMBOLS
    return SimulatedFeed(SimulatedMarket(symbols, seed, clock.now_ms(), resume), clock)
