"""The floors and scenes of the venue tests, closed afterwards."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack

import pytest

from .contract import Open
from .floors import ccxt_floor, opener
from .scene import ROUTES, Scene


@pytest.fixture(params=["paper spot", "paper swap", "ccxt spot", "ccxt swap"])
async def opened(request: pytest.FixtureRequest) -> AsyncIterator[Open]:
    """Every venue in turn."""
    async with AsyncExitStack() as stack:
        yield opener(request.param, stack)


@pytest.fixture(params=ROUTES)
async def scene(request: pytest.FixtureRequest) -> AsyncIterator[Scene]:
    """Both markets of the loopback exchange in turn; requests time out after 0.4 s."""
    async with AsyncExitStack() as stack:
        floor = await ccxt_floor(request.param, stack, overlay={"timeout": 400})
        yield Scene(floor, request.param)
