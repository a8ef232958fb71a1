"""The feed's cases on an exchange that speaks Bybit's dialect: by stream, one by one, by REST."""

from collections.abc import AsyncIterator

import pytest

from tests.market.contract import FeedContract
from tests.market.floors import NO_STREAMS, ONE_BY_ONE, FeedFloor, Until

from .floors import feed_floor


class TestBybitFeedByStream(FeedContract):
    @pytest.fixture
    async def floor(self, until: Until) -> AsyncIterator[FeedFloor]:
        async with feed_floor(until) as floor:
            yield floor


class TestBybitFeedByStreamsOfOneSymbolEach(FeedContract):
    @pytest.fixture
    async def floor(self, until: Until) -> AsyncIterator[FeedFloor]:
        async with feed_floor(until, ONE_BY_ONE) as floor:
            yield floor


class TestBybitFeedByRest(FeedContract):
    @pytest.fixture
    async def floor(self, until: Until) -> AsyncIterator[FeedFloor]:
        async with feed_floor(until, NO_STREAMS) as floor:
            yield floor
