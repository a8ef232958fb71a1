"""One ccxt client of one connection: every call goes through limiter, breaker and fault mapping."""

import asyncio
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any

from cts_tui.clock import Clock
from cts_tui.errors import AuthenticationError, ConfigError, CtsError, VenueError
from cts_tui.exchange.caller import Caller
from cts_tui.exchange.calls import Call
from cts_tui.exchange.client_setup import build_client
from cts_tui.exchange.exchange_clock import ExchangeClock
from cts_tui.exchange.instruments import instruments_of
from cts_tui.exchange.limiter import Limiter, Priority, limiter_of
from cts_tui.exchange.overlay import address_of, checked, has_proxy
from cts_tui.exchange.streams import drop_streams, last_frame_ms
from cts_tui.exchange.watching import Watching
from cts_tui.exchange.wire import Wire
from cts_tui.model.credentials import Credentials
from cts_tui.model.instrument import Instrument
from cts_tui.model.trading import MarketType, Mode


class ExchangeSession:
    """One connection's way to its exchange. It belongs to the event loop that opened it."""

    def __init__(
        self,
        *,
        exchange: str,
        mode: Mode,
        market: MarketType,
        credentials: Credentials | None,
        clock: Clock,
    ) -> None:
        """Prepare a session without a client; use `open`."""
        self.exchange = exchange
        self.mode = mode
        self.market = market
        self.instruments: Mapping[str, Instrument] = {}
        self._credentials = credentials or Credentials()
        self._clock = ExchangeClock(clock)
        self._wire = Wire(self._clock)
        self._caller = Caller(exchange, self._credentials.secrets, self._clock, self._wire)
        self.breaker = self._caller.breaker
        self.limiter: Limiter
        self._client: Any = None
        self._watching = Watching(exchange, self.method, self._caller.fault)
        self._is_closed = False

    def __repr__(self) -> str:
        return f"ExchangeSession({self.exchange} {self.market} {self.mode})"

    @classmethod
    async def open(
        cls,
        *,
        exchange: str,
        mode: Mode,
        market: MarketType,
        overlay: Mapping[str, Any] | None,
        credentials: Credentials | None,
        clock: Clock,
        limiter: Limiter | None = None,
    ) -> "ExchangeSession":
        """Return a session whose markets are loaded; without keys all that is public works.

        Raises ConfigError for an unknown exchange, a bad overlay or a market type it has not,
        else what `call` raises.
        """
        session = cls(
            exchange=exchange, mode=mode, market=market, credentials=credentials, clock=clock
        )
        try:
            await session._connect(checked(overlay), limiter)
        except BaseException:
            await session.close()
            raise
        return session

    @property
    def client(self) -> Any:
        """The raw ccxt object: precision, markets, ccxt's caches. Read only."""
        return self._client

    @property
    def has_credentials(self) -> bool:
        """Whether it was opened with keys."""
        return bool(self._credentials.given)

    @property
    def key_refusals(self) -> int:
        """How often the exchange has refused the key, its secret or its rights."""
        return self._caller.key_refusals

    @property
    def key_refusal(self) -> str:
        """What it said the last time."""
        return self._caller.key_refusal

    @property
    def clock_offset_ms(self) -> int:
        """The exchange's time minus ours, last measured."""
        return self._clock.offset_ms

    @property
    def last_frame_ms(self) -> int | None:
        """When the newest message or pong of any stream came (machine's clock), None before."""
        return None if self._client is None else last_frame_ms(self._client)

    def has(self, method: str) -> bool:
        """Return whether ccxt has a method (`fetchOHLCV`), natively or emulated."""
        return self._client.has.get(method) in (True, "emulated")

    def server_now_ms(self) -> int:
        """Return the exchange's time by our clock."""
        return self._clock.server_now_ms()

    async def call(
        self,
        method: str,
        *args: Any,
        priority: Priority = Priority.MARKET,
        is_order: bool = False,
        is_exit: bool = False,
        timeout_s: float | None = None,
        **keywords: Any,
    ) -> Any:
        """Call a method of ccxt; keywords go to it as they are (`params={…}`).

        `is_order`: an ambiguous failure raises UnknownOutcome. `is_exit` (a cancel is one): it may
        try although the breaker is open. Raises kinds of CtsError only.
        """
        if self._clock.is_due and method != "fetch_time":
            with suppress(CtsError):
                await self.measure_clock()
        is_urgent = is_exit or priority is Priority.CANCEL
        call = Call(priority)
        return await self._run(
            call,
            method,
            *args,
            timeout_s=timeout_s,
            is_order=is_order,
            is_urgent=is_urgent,
            **keywords,
        )

    async def watch(self, method: str, *args: Any, timeout_s: float | None = None) -> Any:
        """Return the next of a ccxt.pro `watch_*`.

        Raises QuietStreamError when nothing came in time (the watch goes on: nothing that comes
        meanwhile is lost), RetryableError when the stream broke; the next watch connects anew.
        """
        return await self._watching.next(method, args, timeout_s)

    async def restart_streams(self) -> None:
        """Drop the websockets; whoever watches hears a RetryableError, the next watch connects."""
        await drop_streams(self._client, "the streams are started anew")
        await self._watching.settle()

    def wake_on_message(self, wake: Callable[[], None]) -> None:
        """Call `wake` after every message of a stream: ccxt's caches may hold news."""
        self._client.on_heard = wake

    async def measure_clock(self) -> int:
        """Return the exchange's time minus ours in milliseconds, measured now.

        ccxt signs with it from now on. Where the exchange has no time to ask for, the `Date` of
        its last answer counts when it is off by more than a second.
        """
        if not self.has("fetchTime"):
            self._clock.is_due = False
            return self.clock_offset_ms
        return await self._clock.measure(lambda call: self._run(call, "fetch_time"))

    async def reload_markets(self) -> None:
        """Ask for the markets again; `instruments` changes only when a table came."""
        await self.call("load_markets", True)  # noqa: FBT003 - ccxt's order of arguments
        self._read_instruments()

    def figures(self) -> dict[str, Any]:
        """Return what the screen shows, JSON-able."""
        return {
            "breaker": self.breaker.figures(),
            "limiter": self.limiter.figures(),
            "streams": self._watching.figures(),
            "clock_offset_ms": self.clock_offset_ms,
            "last_frame_ms": self.last_frame_ms,
            "instruments": len(self.instruments),
            **self._caller.figures(),
        }

    async def close(self) -> None:
        """End streams and connections; nothing is sent after it."""
        self._is_closed = True
        client = self._client
        if client is None:
            return
        await drop_streams(client, "the session is closed")
        await self._watching.settle()
        with suppress(Exception):
            await client.close()

    def method(self, name: str) -> Callable[..., Any]:
        """Return a method of ccxt. Raises VenueError where there is none or all is closed."""
        found: Callable[..., Any] | None = getattr(self._client, name, None)
        if found is None or self._is_closed:
            reason = "the session is closed" if self._is_closed else f"ccxt has no {name} for it"
            raise VenueError(f"{self.exchange}: {reason}")
        return found

    async def _connect(self, overlay: Mapping[str, Any], limiter: Limiter | None) -> None:
        """Load the class, then the clock, then the markets: all of it without keys."""
        client = await asyncio.to_thread(
            build_client,
            self.exchange,
            mode=self.mode,
            market=self.market,
            overlay=overlay,
            listener=self._wire,
        )
        self._client = client
        self._clock.attach(client)
        is_elsewhere = self.mode is Mode.TESTNET or "urls" in overlay
        address = address_of(client.urls) if is_elsewhere else ""
        self._caller.has_proxy = has_proxy(overlay)
        interval_ms = float(client.rateLimit or 1)
        self.limiter = limiter or limiter_of(self.exchange, address, interval_ms=interval_ms)
        self._wire.limiter, self._wire.has_time = self.limiter, self.has("fetchTime")
        await self.measure_clock()
        try:
            await self.call("load_markets", priority=Priority.ACCOUNT)
        except AuthenticationError:
            if not self._credentials.given:
                raise
            self._give_keys()
            await self.call("load_markets", True, priority=Priority.ACCOUNT)  # noqa: FBT003
        self._give_keys()
        self._read_instruments()

    def _give_keys(self) -> None:
        for name, value in self._credentials.as_ccxt().items():
            setattr(self._client, name, value)

    def _read_instruments(self) -> None:
        client = self._client
        found = instruments_of(client.markets, self.market, client.precisionMode)
        if not found:
            word = "linear swap" if self.market is MarketType.SWAP else "spot"
            raise ConfigError(
                f"{self.exchange} has no {word} markets: choose another --market or exchange"
            )
        self.instruments = found

    async def _run(
        self,
        call: Call,
        method: str,
        *args: Any,
        timeout_s: float | None = None,
        is_order: bool = False,
        is_urgent: bool = False,
        **keywords: Any,
    ) -> Any:
        function = self.method(method)
        return await self._caller.run(
            lambda: function(*args, **keywords),
            call,
            timeout_s=timeout_s,
            is_order=is_order,
            is_urgent=is_urgent,
        )
