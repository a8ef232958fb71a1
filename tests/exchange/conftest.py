"""A Bybit server on loopback, and sessions with it that are closed at the end."""

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest

from cts_tui.clock import SystemClock
from cts_tui.exchange.limiter import Limiter
from cts_tui.exchange.session import ExchangeSession
from cts_tui.model.trading import MarketType, Mode
from tests.exchange.bybit_server import BybitServer

Opening = Callable[..., Awaitable[ExchangeSession]]


@pytest.fixture
async def bybit() -> AsyncIterator[BybitServer]:
    async with BybitServer() as server:
        yield server


@pytest.fixture
async def opening(bybit: BybitServer) -> AsyncIterator[Opening]:
    """Open sessions with the server; what is given replaces the usual arguments."""
    opened: list[ExchangeSession] = []

    async def open_session(**changes: Any) -> ExchangeSession:
        usual: dict[str, Any] = {
            "exchange": "bybit",
            "mode": Mode.PAPER,
            "market": MarketType.SPOT,
            "overlay": bybit.overlay,
            "credentials": None,
            "clock": SystemClock(),
            "limiter": Limiter(interval_ms=0.01),
        }
        opened.append(await ExchangeSession.open(**(usual | changes)))
        return opened[-1]

    yield open_session
    for session in opened:
        await session.close()
