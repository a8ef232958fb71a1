"""What goes wrong in a run, by seed: answers, streams, liquidity, outages, and prices that move."""

import asyncio
import mmap
import random
import struct
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

from tests.loopback import LoopbackExchange

LISTED = {"BTC": "BTCUSDT", "ETH": "ETHUSDT"}
_ORDERS = {
    "spot": ["POST /api/v3/order"],
    "swap": ["POST /fapi/v1/order", "POST /fapi/v1/algoOrder", "POST /fapi/v1/*rder"],
}
_CANCELS = {"spot": ["DELETE /api/v3/order"], "swap": ["DELETE /fapi/v1/*rder"]}
_QUERIES = {
    "spot": ["GET /api/v3/order", "GET /api/v3/*Orders", "GET /api/v3/myTrades", "GET /api/v3/*"],
    "swap": ["GET /fapi/v1/*rder", "GET /fapi/v1/*rders", "GET /fapi/v1/userTrades", "GET /fapi/*"],
}
_GARBAGE = ["html", "empty", "malformed", "truncated"]
_STORM_S = (0.02, 0.25)


class Weather:
    """One seed's faults on one exchange."""

    def __init__(self, exchange: LoopbackExchange, market: str, seed: int, prices: Path) -> None:
        self.exchange = exchange
        self.market = market
        self.chance = random.Random(f"weather:{seed}")
        self.struck: dict[str, int] = {}
        self._rules: list[Any] = []
        with prices.open("r+b") as opened:
            self._memory = mmap.mmap(opened.fileno(), 0)
        self.set_prices()
        self._kinds: list[Callable[[], None]] = [
            *[self._orders] * 5,
            *[self._cancels] * 2,
            *[self._queries] * 2,
            *[self._messages] * 3,
            self._cut,
            self._dry_up,
            self._refuse_streams,
        ]

    async def blow(self, after_s: float) -> None:
        """Let one thing after the other go wrong, after a while, until cancelled."""
        await asyncio.sleep(after_s)
        try:
            while True:
                await asyncio.sleep(self.chance.uniform(*_STORM_S))
                if self.chance.random() < 0.03:
                    await self._outage()
                else:
                    self.chance.choice(self._kinds)()
        finally:
            await self.calm()

    async def calm(self) -> None:
        """Let nothing go wrong any more."""
        for rule in self._rules:
            if rule.hits:
                self.struck[rule.kind] = self.struck.get(rule.kind, 0) + rule.hits
        self._rules.clear()
        self.exchange.faults.clear()
        self.exchange.sockets.resume()
        self.exchange.liquidity.clear()
        await self.exchange.recover()

    async def move_prices(self) -> None:
        """Let prices walk, jump now and then, and tell the trader's feed, until cancelled."""
        while True:
            await asyncio.sleep(0.02)
            for symbol in LISTED.values():
                quote = self.exchange.market.quote(symbol)
                swing = self.chance.gauss(0, 0.0004)
                if self.chance.random() < 0.05:
                    swing = self.chance.choice([-0.005, 0.005])
                tick = quote.listing.tick
                steps = (quote.last * Decimal(1 + swing) / tick).quantize(Decimal(1))
                self.exchange.market.trade(symbol, steps * tick)
            self.set_prices()

    def set_prices(self) -> None:
        """Write the prices where the trader's feed reads them."""
        quotes = [self.exchange.market.quote(symbol) for symbol in LISTED.values()]
        self._memory[:] = struct.pack(f"{len(quotes)}d", *(float(one.last) for one in quotes))

    # What may go wrong.

    def _add(self, route: str, kind: str, **settings: Any) -> None:
        self._rules.append(self.exchange.faults.add(route, kind, **settings))

    def _orders(self) -> None:
        route, chance = self.chance.choice(_ORDERS[self.market]), self.chance
        self._spoil(route, times=chance.choice([1, 1, 2]), has_late=True)

    def _cancels(self) -> None:
        self._spoil(self.chance.choice(_CANCELS[self.market]), times=1, has_late=True)

    def _queries(self) -> None:
        self._spoil(self.chance.choice(_QUERIES[self.market]), times=2, has_late=False)

    def _spoil(self, route: str, *, times: int, has_late: bool) -> None:
        chance, accepts = self.chance, self.chance.random() < 0.5
        kind = chance.choice(
            ["reset", "late", "status", "garbage", "limit", "hang", "delay", "busy"]
        )
        if kind == "reset":
            self._add(route, "reset", accepts=accepts, times=times)
        elif kind == "late" and has_late:
            seconds = chance.choice([chance.uniform(0.02, 0.7), 60.0])
            mode = chance.choice([{}, {"status": 504}, {"mode": "hang"}])
            self._add(route, "late", seconds=seconds, times=1, **mode)
        elif kind == "status":
            status = chance.choice([500, 502, 503, 504, 408])
            self._add(route, "status", status=status, accepts=accepts, times=times)
        elif kind == "garbage":
            self._add(route, chance.choice(_GARBAGE), accepts=accepts, times=times)
        elif kind == "limit":
            self._add(route, "status", status=429, code=-1003, message="Too many requests", times=1)
        elif kind == "hang":
            self._add(route, "hang", accepts=accepts, times=1)
        elif kind == "delay":
            self._add(route, "delay", seconds=chance.uniform(0.01, 0.3), times=times)
        else:
            code = chance.choice([-1001, -1007, -1006])
            message = "Internal error; unable to process your request. Please try again."
            self._add(
                route, "status", status=500, code=code, message=message, accepts=accepts, times=1
            )

    def _messages(self) -> None:
        kind = self.chance.choice(["drop", "double", "reorder", "malformed", "delay"])
        seconds = self.chance.uniform(0.01, 0.4)
        self._add("USER *", kind, times=self.chance.randint(1, 4), seconds=seconds)

    def _cut(self) -> None:
        self.exchange.sockets.cut("* user")

    def _refuse_streams(self) -> None:
        self._add("WS *", self.chance.choice(["reset", "delay"]), times=2, seconds=0.2)

    def _dry_up(self) -> None:
        """Let little fill at a time, or all of it again."""
        for symbol in LISTED.values():
            if self.chance.random() < 0.5:
                self.exchange.liquidity.pop(symbol, None)
            else:
                self.exchange.liquidity[symbol] = Decimal(self.chance.choice(["0.001", "0.005"]))

    async def _outage(self) -> None:
        self.exchange.outage()
        try:
            await asyncio.sleep(self.chance.uniform(0.05, 0.4))
        finally:
            await self.exchange.recover()
        self.struck["outage"] = self.struck.get("outage", 0) + 1
