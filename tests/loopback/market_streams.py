"""Market streams: who subscribed to what, and what a price or the clock makes of it."""

from typing import TYPE_CHECKING, Any

from tests.loopback import market_events as events
from tests.loopback.candles import TIMEFRAMES, open_time
from tests.loopback.market import Print
from tests.loopback.market_rest import levels
from tests.loopback.sockets import Socket

if TYPE_CHECKING:
    from tests.loopback.exchange import LoopbackExchange

_MOST_CLOSED_AT_ONCE = 1_000
_BEATING = ("ticker", "miniTicker", "markPrice")


class MarketStreams:
    """The market streams of spot or swap."""

    def __init__(self, exchange: "LoopbackExchange", name: str) -> None:
        self.exchange = exchange
        self.name = name
        self._sockets: dict[str, list[Socket]] = {}
        self._by_symbol: dict[str, dict[str, None]] = {}
        self._forming: dict[str, int] = {}
        self._books: dict[str, dict[str, Any]] = {}

    @property
    def names(self) -> list[str]:
        """The streams that somebody listens to."""
        return list(self._sockets)

    def command(self, socket: Socket, message: dict[str, Any]) -> None:
        """Serve SUBSCRIBE, UNSUBSCRIBE or LIST_SUBSCRIPTIONS."""
        names = [str(name) for name in message.get("params") or []]
        method = message.get("method")
        if method == "SUBSCRIBE":
            wrong = [name for name in names if not self._is_known(name)]
            if wrong:
                error = {"code": 2, "msg": f"Invalid request: invalid stream {wrong[0]}"}
                socket.push({"error": error, "id": message.get("id")})
                return
            socket.push({"result": None, "id": message.get("id")})
            for name in names:
                self._subscribe(socket, name)
        elif method == "UNSUBSCRIBE":
            for name in names:
                self._unsubscribe(socket, name)
            socket.push({"result": None, "id": message.get("id")})
        else:
            socket.push({"result": sorted(socket.streams), "id": message.get("id")})

    def leave(self, socket: Socket) -> None:
        """Forget a closed socket."""
        for name in list(socket.streams):
            self._unsubscribe(socket, name)

    def on_print(self, symbol: str, made: Print) -> None:
        """Tell of a trade."""
        self.roll(symbol)
        prefix = f"{symbol.lower()}@"
        for name in [*self._by_symbol.get(symbol, ()), *self._by_symbol.get("!", ())]:
            if name.startswith("!"):
                self._broadcast(name, [symbol])
            elif name.removeprefix(prefix) in {"trade", "aggTrade"}:
                aggregate = name.endswith("aggTrade")
                self._send(name, events.trade(symbol, made, aggregate=aggregate))
            else:
                self._send(name, self._current(name))

    def roll(self, symbol: str | None = None) -> None:
        """Close the candles whose time is over and begin the next ones."""
        now = self.exchange.clock.now_ms()
        names = self._forming if symbol is None else self._by_symbol.get(symbol, ())
        for name in [name for name in names if name in self._forming]:
            stream_symbol, interval = _kline_of(name)
            current = open_time(interval, now)
            duration = TIMEFRAMES[interval]
            start = max(self._forming[name], current - _MOST_CLOSED_AT_ONCE * duration)
            if start >= current:
                continue
            candles = self.exchange.market.quote(stream_symbol).candles
            for time_ms in range(start, current, duration):
                candle = candles.one(interval, time_ms)
                self._send(name, events.kline(stream_symbol, interval, candle, now, closed=True))
            self._forming[name] = current
            if symbol is None:
                self._send(name, self._current(name))

    def beat(self) -> None:
        """Send the tickers that Binance sends every second, changed or not."""
        symbols = list(self.exchange.market.symbols(self.name))
        for name in list(self._sockets):
            if name.startswith("!"):
                self._broadcast(name, symbols)
            elif name.partition("@")[2].startswith(_BEATING):
                self._send(name, self._current(name))

    def _is_known(self, name: str) -> bool:
        if name.startswith("!"):
            return True
        symbol, _, channel = name.partition("@")
        is_interval = not channel.startswith("kline_") or channel[6:] in TIMEFRAMES
        return is_interval and self.exchange.market.is_listed(symbol.upper(), self.name)

    def _subscribe(self, socket: Socket, name: str) -> None:
        listeners = self._sockets.setdefault(name, [])
        if socket not in listeners:
            listeners.append(socket)
        self._by_symbol.setdefault(_symbol_of(name), {})[name] = None
        socket.streams.add(name)
        if "@kline_" in name:
            _, interval = _kline_of(name)
            self._forming.setdefault(name, open_time(interval, self.exchange.clock.now_ms()))
        if name.startswith("!"):
            self._broadcast(name, list(self.exchange.market.symbols(self.name)))
            return
        channel = name.partition("@")[2]
        if channel.startswith("depth"):
            symbol = name.partition("@")[0].upper()
            self._books[symbol] = levels(self.exchange, symbol)
        elif channel not in {"trade", "aggTrade"}:
            socket.push(self._current(name), f"STREAM {name}")

    def _unsubscribe(self, socket: Socket, name: str) -> None:
        socket.streams.discard(name)
        listeners = self._sockets.get(name, [])
        if socket in listeners:
            listeners.remove(socket)
        if not listeners:
            self._sockets.pop(name, None)
            self._forming.pop(name, None)
            self._by_symbol.get(_symbol_of(name), {}).pop(name, None)

    def _send(self, name: str, message: Any) -> None:
        for socket in list(self._sockets.get(name, ())):
            socket.push(message, f"STREAM {name}")

    def _broadcast(self, name: str, symbols: list[str]) -> None:
        channel = name[1:].partition("@")[0]
        messages = [
            self._current(f"{symbol.lower()}@{channel}")
            for symbol in symbols
            if self.exchange.market.is_listed(symbol, self.name)
        ]
        if channel == "bookTicker":
            for message in messages:
                self._send(name, message)
        elif messages:
            self._send(name, messages)

    def _current(self, name: str) -> Any:
        symbol, _, channel = name.partition("@")
        symbol = symbol.upper()
        market, now = self.exchange.market, self.exchange.clock.now_ms()
        is_swap = self.name == "swap"
        if channel.startswith("kline_"):
            interval = channel[6:]
            candle = market.quote(symbol).candles.one(interval, open_time(interval, now))
            return events.kline(symbol, interval, candle, now, closed=False)
        if channel.startswith("depth"):
            return self._depth(symbol, now)
        face = market.face(symbol)
        if channel == "bookTicker":
            return events.book_ticker(symbol, face, market.quote(symbol).update_id, is_swap=is_swap)
        if channel.startswith("markPrice"):
            return events.mark_price(symbol, face)
        if channel.startswith("miniTicker"):
            return events.mini_ticker(symbol, face)
        return events.ticker(symbol, face, has_book=not is_swap)

    def _depth(self, symbol: str, now_ms: int) -> Any:
        quote = self.exchange.market.quote(symbol)
        before, after = (
            self._books.get(symbol, {"bids": [], "asks": []}),
            levels(self.exchange, symbol),
        )
        self._books[symbol] = after
        changed = {}
        for side in ("bids", "asks"):
            kept = {price for price, _ in after[side]}
            gone = [[price, "0"] for price, _ in before[side] if price not in kept]
            changed[side] = [*gone, *after[side]]
        return events.depth(symbol, quote, changed, now_ms, is_swap=self.name == "swap")


def _symbol_of(name: str) -> str:
    return "!" if name.startswith("!") else name.partition("@")[0].upper()


def _kline_of(name: str) -> tuple[str, str]:
    symbol, _, interval = name.partition("@kline_")
    return symbol.upper(), interval
