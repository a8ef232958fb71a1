"""Bybit's dialect as a program: `python -m tests.dialects.bybit`, the options of tests.loopback."""

import asyncio

from tests.dialects.bybit.exchange import BybitExchange
from tests.loopback import __main__ as program

if __name__ == "__main__":
    program.LoopbackExchange = BybitExchange  # type: ignore[misc]
    asyncio.run(program.run(program.arguments()))
