"""The loopback exchange: one account, two markets, one port."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Coroutine, Iterable
from decimal import Decimal
from itertools import count
from types import TracebackType
from typing import Any, Self

from cts_tui.model.credentials import Credentials
from tests.loopback import overlay
from tests.loopback.algo import AlgoBook
from tests.loopback.by_hand import ByHand
from tests.loopback.clock import VenueClock
from tests.loopback.faults import Faults
from tests.loopback.journal import Journal
from tests.loopback.listings import SWAP_TYPES, Listing, by_symbol, default_listings
from tests.loopback.market import Market
from tests.loopback.market_rest import market_routes
from tests.loopback.market_streams import MarketStreams
from tests.loopback.orders import Fill, Order
from tests.loopback.rates import Rates
from tests.loopback.server import Server
from tests.loopback.signing import Gate
from tests.loopback.sockets import Sockets
from tests.loopback.spot_account import SpotEngine
from tests.loopback.spot_rest import spot_routes
from tests.loopback.swap_account import SwapEngine
from tests.loopback.swap_rest import swap_routes
from tests.loopback.swap_settings_rest import swap_settings_routes
from tests.loopback.user_streams import UserStreams
from tests.loopback.wallet_rest import wallet_routes

API_KEY = "loopbackKey0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQ"
SECRET = "loopbackSecret9876543210zyxwvutsrqponmlkjihgfedcbaZYXWVUTSRQPONM"


class LoopbackExchange:
    """Binance's dialect on 127.0.0.1, driven by the unmodified ccxt through `overlay`."""

    def __init__(
        self,
        *,
        listings: Iterable[Listing] | None = None,
        balances: dict[str, Decimal] | None = None,
        wallet: dict[str, Decimal] | None = None,
        history_minutes: int = 300,
        seed: int = 1,
        api_key: str = API_KEY,
        secret: str = SECRET,
        host: str = "127.0.0.1",
        port: int = 0,
        beat_s: float = 0.05,
    ) -> None:
        known = default_listings() if listings is None else by_symbol(listings)
        self.clock = VenueClock()
        self.market = Market(known, self.clock, history_minutes=history_minutes, seed=seed)
        self.liquidity: dict[str, Decimal] = {}
        """By symbol, what may fill per price move; a symbol that is not in it has no bound."""
        money = {"USDT": Decimal(100_000), "BTC": Decimal(1), "BNB": Decimal(10)}
        self.spot = SpotEngine(self.market, self.liquidity, money if balances is None else balances)
        purse = {"USDT": Decimal(100_000), "BNB": Decimal(10)}
        self.swap = SwapEngine(self.market, self.liquidity, purse if wallet is None else wallet)
        self.algo = AlgoBook(self.swap)
        self.gate = Gate(self.clock, api_key, secret)
        self.credentials = Credentials(api_key=api_key, secret=secret)
        self.faults = Faults(seed)
        self.journal = Journal()
        self.rates = Rates(self.clock)
        self.sockets = Sockets()
        self.by_hand = ByHand(self)
        self.withdraw_allowed = False
        self.ip_restricted = True
        self.is_in_maintenance = False
        self.max_leverage = 125
        self.algo_types = [name for name in SWAP_TYPES if name not in {"LIMIT", "MARKET"}]
        self.market_streams = {name: MarketStreams(self, name) for name in ("spot", "swap")}
        self.user_streams = UserStreams(self)
        self.heartbeat_s = 1.0
        """How often ticker streams speak when nothing changes."""
        self.accepted: list[Order] = []
        """Every order of both markets in the order in which it was accepted."""
        tables = [
            market_routes("spot", "/api/v3"),
            market_routes("swap", "/fapi/v1"),
            spot_routes(),
            *swap_routes(),
            swap_settings_routes(),
            wallet_routes(),
        ]
        self.routes = {key: route for table in tables for key, route in table.table.items()}
        self._server = Server(self, host)
        self._asked_port = port
        self._beat_s = beat_s
        self._beating: asyncio.Task[None] | None = None
        self._names = count(1)
        self._background: set[asyncio.Task[None]] = set()
        self._listen()

    # Life.

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.close()

    async def start(self) -> None:
        """Listen on the port and let the clock beat."""
        await self._server.start(self._asked_port)
        self._beating = asyncio.create_task(self._beat())

    async def close(self) -> None:
        """Close every connection and the port."""
        self.end_background()
        await asyncio.gather(*self._background, return_exceptions=True)
        if self._beating is not None:
            self._beating.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._beating
        await self._server.close()

    def background(self, work: Coroutine[Any, Any, None]) -> None:
        """Run a price path or the like until `end_background` or the end."""
        task = asyncio.create_task(work)
        self._background.add(task)
        task.add_done_callback(self._background.discard)

    def end_background(self) -> None:
        """Stop what runs in the background: prices stand still."""
        for task in self._background:
            task.cancel()

    # Addresses.

    @property
    def port(self) -> int:
        """The port, which stays the same through an outage."""
        return self._server.port

    @property
    def url(self) -> str:
        """The root of the REST addresses."""
        return f"http://{self._server.host}:{self.port}"

    @property
    def stream_url(self) -> str:
        """The root of the websocket addresses."""
        return f"ws://{self._server.host}:{self.port}"

    def overlay(self, market: str = "spot") -> dict[str, Any]:
        """Return the ccxt overlay (JSON) for `spot` or `swap`; no credentials in it."""
        return overlay.overlay(self.url, self.stream_url, market)

    # Time, outages, listings.

    @property
    def clock_skew_ms(self) -> int:
        """How far the venue's clock is ahead of ours."""
        return self.clock.skew_ms

    @clock_skew_ms.setter
    def clock_skew_ms(self, skew_ms: int) -> None:
        self.clock.skew_ms = skew_ms

    def advance(self, step_ms: int) -> None:
        """Move time by hand (it stands still from then on); candles close as they would."""
        self.clock.advance(step_ms)
        self.roll()

    def roll(self) -> None:
        """Close the candles whose time is over."""
        for streams in self.market_streams.values():
            streams.roll()

    def outage(self) -> None:
        """Refuse new connections and cut the open ones until `recover`."""
        self._server.refuse()

    async def recover(self) -> None:
        """Come back on the same port."""
        if not self._server.is_listening:
            await self._server.listen()

    def release_late(self) -> None:
        """Let every request that a `late` fault holds back take effect now."""
        self._server.release_late()

    @contextlib.asynccontextmanager
    async def gone(self) -> AsyncIterator[None]:
        """Be unreachable within the block."""
        self.outage()
        try:
            yield
        finally:
            await self.recover()

    def halt(self, symbol: str, market: str = "spot", status: str = "BREAK") -> None:
        """Stop trading of a symbol; `TRADING` resumes it."""
        self.market.listings[symbol].status[market] = status

    def delist(self, symbol: str, market: str = "spot") -> None:
        """Take a market off the exchange."""
        listing = self.market.listings[symbol]
        listing.markets = tuple(name for name in listing.markets if name != market)

    def made_up_id(self) -> str:
        """Return a client order id as Binance makes one up."""
        return f"loopback{next(self._names):014d}"

    # Parts that hear of each other.

    def _listen(self) -> None:
        self.market.listeners += [self.spot.on_print, self.swap.on_print]
        self.market.listeners += [streams.on_print for streams in self.market_streams.values()]
        self.spot.heard += [self._note, self.user_streams.on_spot]
        self.swap.heard += [self._note, self.user_streams.on_swap, self._after_swap]
        self.algo.heard.append(self.user_streams.on_algo)

    def _note(self, kind: str, order: Order, _fill: Fill | None) -> None:
        if kind == "NEW":
            self.accepted.append(order)

    def _after_swap(self, kind: str, order: Order, _fill: Fill | None) -> None:
        self.algo.on_order(kind, order)
        if kind == "TRADE":
            self.swap.on_position_closed(order.symbol, order.position_side)

    async def _beat(self) -> None:
        loop = asyncio.get_running_loop()
        next_heartbeat = loop.time() + self.heartbeat_s
        while True:
            await asyncio.sleep(self._beat_s)
            if not self.clock.is_held:
                self.roll()
            if loop.time() >= next_heartbeat:
                next_heartbeat = loop.time() + self.heartbeat_s
                for streams in self.market_streams.values():
                    streams.beat()
