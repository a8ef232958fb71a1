"""Every feed does what the contract says: simulated, by stream, by REST, many symbols and one."""

from collections.abc import AsyncIterator

import pytest

from .contract import FeedContract
from .floors import (
    NO_STREAMS,
    ONE_BY_ONE,
    FeedFloor,
    SimulatedFloor,
    Until,
    loopback_floor,
)


class TestSimulatedFeed(FeedContract):
    @pytest.fixture
    async def floor(self, until: Until) -> AsyncIterator[FeedFloor]:
        yield SimulatedFloor()


class TestCcxtFeedByStream(FeedContract):
    @pytest.fixture
    async def floor(self, until: Until) -> AsyncIterator[FeedFloor]:
        async with loopback_floor(until) as floor:
            yield floor


class TestCcxtFeedByStreamsOfOneSymbolEach(FeedContract):
    @pytest.fixture
    async def floor(self, until: Until) -> AsyncIterator[FeedFloor]:
        async with loopback_floor(until, ONE_BY_ONE) as floor:
            yield floor


class TestCcxtFeedByRest(FeedContract):
    @pytest.fixture
    async def floor(self, until: Until) -> AsyncIterator[FeedFloor]:
        async with loopback_floor(until, NO_STREAMS) as floor:
            yield floor
