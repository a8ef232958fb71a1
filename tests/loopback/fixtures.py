"""Fixtures and helpers for tests that talk to the loopback exchange.

Use: `from tests.loopback.fixtures import exchange  # noqa: F401` in a conftest.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest

from tests.loopback.exchange import LoopbackExchange

_WAIT_S = 20.0


@pytest.fixture
async def exchange() -> AsyncIterator[LoopbackExchange]:
    """A running loopback exchange with its default markets and money."""
    async with LoopbackExchange() as running:
        yield running


@asynccontextmanager
async def ccxt_client(
    exchange: LoopbackExchange,
    market: str = "spot",
    *,
    streaming: bool = True,
    exchange_id: str = "binance",
    has_keys: bool = True,
    **settings: Any,
) -> AsyncIterator[Any]:
    """Open the unmodified ccxt client on the loopback exchange; close all of it at the end."""
    import ccxt.async_support
    import ccxt.pro

    room = ccxt.pro if streaming else ccxt.async_support
    keys = exchange.credentials.as_ccxt() if has_keys else {}
    config = {**exchange.overlay(market), "enableRateLimit": False, **keys, **settings}
    client = getattr(room, exchange_id)(config)
    client.timeout_on_exit = 1  # milliseconds; ccxt waits 250 by itself
    try:
        yield client
    finally:
        await client.close()


def error_codes(market: str) -> dict[str, Any]:
    """Return an overlay part that gives the loopback address Binance's own error codes.

    ccxt looks these up by `https://api.binance.com` and so on; without this part, codes that
    only one market knows (-2019, -2022, -4164 …) arrive as a plain ExchangeError.
    """
    import ccxt.async_support

    known = ccxt.async_support.binance().exceptions
    return {"exceptions": {"exact": known["spot" if market == "spot" else "linear"]["exact"]}}


def symbol_of(market: str, base: str = "BTC") -> str:
    """Return the unified symbol of a USDT market."""
    return f"{base}/USDT" if market == "spot" else f"{base}/USDT:USDT"


async def until(is_so: Callable[[], object], why: str = "") -> None:
    """Wait, without blocking the loop, until something is so."""
    deadline = time.monotonic() + _WAIT_S
    while not is_so():
        assert time.monotonic() < deadline, f"never happened: {why or is_so}"
        await asyncio.sleep(0.002)
