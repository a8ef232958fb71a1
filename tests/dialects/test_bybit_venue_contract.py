"""The venue's numbered cases on an exchange that speaks Bybit's dialect."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack

import pytest

from tests.venue.contract import Floor, Open
from tests.venue.test_contract import *  # noqa: F403 - the cases themselves

from .floors import venue_floor


@pytest.fixture(params=["spot", "swap"])
async def opened(request: pytest.FixtureRequest) -> AsyncIterator[Open]:
    async with AsyncExitStack() as stack:

        async def open_it(fee_pct: str = "0") -> Floor:
            return await venue_floor(request.param, stack, fee_pct=fee_pct)

        yield open_it
