"""Bybit's websockets: public topics by market, private ones behind an `auth`."""

import hashlib
import hmac
from typing import TYPE_CHECKING, Any

from tests.dialects.bybit import shapes
from tests.dialects.bybit.market_rest import INTERVALS
from tests.loopback.candles import TIMEFRAMES, Candle, open_time
from tests.loopback.market import Print
from tests.loopback.orders import Fill, Order
from tests.loopback.sockets import Socket

if TYPE_CHECKING:
    from tests.dialects.bybit.exchange import BybitExchange

Message = dict[str, Any]


class PublicStreams:
    """The topics of spot or linear."""

    def __init__(self, exchange: "BybitExchange", name: str) -> None:
        self.exchange = exchange
        self.name = name
        self.category = "linear" if name == "swap" else "spot"
        self._listening: dict[str, list[Socket]] = {}
        self._forming: dict[str, int] = {}
        self._told: dict[str, Message] = {}

    def command(self, socket: Socket, message: Message) -> None:
        """Serve ping, subscribe and unsubscribe."""
        kind, names = message.get("op"), [str(name) for name in message.get("args") or []]
        answer = {"success": True, "conn_id": "c", "req_id": str(message.get("req_id", ""))}
        if kind == "ping":
            socket.push(answer | {"ret_msg": "pong", "op": "ping"})
            return
        wrong = [name for name in names if not self._is_known(name)]
        if kind not in {"subscribe", "unsubscribe"} or wrong:
            text = f"error:handler not found,topic:{wrong}"
            socket.push(answer | {"success": False, "ret_msg": text, "op": kind})
            return
        socket.push(answer | {"ret_msg": "subscribe", "op": kind})
        for name in names:
            if kind == "subscribe":
                self._subscribe(socket, name)
            else:
                self._unsubscribe(socket, name)

    def leave(self, socket: Socket) -> None:
        """Forget a closed socket."""
        for name in list(socket.streams):
            self._unsubscribe(socket, name)

    def on_print(self, symbol: str, _made: Print) -> None:
        """Tell of a trade."""
        self.roll(symbol)
        for name in [name for name in self._listening if name.endswith(f".{symbol}")]:
            self._send(name, self._current(name, is_first=False))

    def roll(self, symbol: str | None = None) -> None:
        """Close the candles whose time is over."""
        now_ms = self.exchange.clock.now_ms()
        for name in list(self._forming):
            _, interval, of = name.split(".")
            if symbol not in {None, of}:
                continue
            frame = INTERVALS[interval]
            current = open_time(frame, now_ms)
            for time_ms in range(self._forming[name], current, TIMEFRAMES[frame]):
                candle = self.exchange.market.quote(of).candles.one(frame, time_ms)
                self._send(name, self._kline(name, candle, is_closed=True))
            self._forming[name] = current

    def beat(self) -> None:
        """Say the tickers again, changed or not."""
        for name in list(self._listening):
            if name.startswith("tickers."):
                self._send(name, self._current(name, is_first=self.category == "spot"))

    def _is_known(self, name: str) -> bool:
        channel, _, rest = name.partition(".")
        interval, _, symbol = rest.rpartition(".")
        if channel == "kline" and interval not in INTERVALS:
            return False
        known = self.exchange.market.is_listed(symbol, self.name)
        return known and channel in {"tickers", "kline", "orderbook", "publicTrade"}

    def _subscribe(self, socket: Socket, name: str) -> None:
        listening = self._listening.setdefault(name, [])
        if socket not in listening:
            listening.append(socket)
        socket.streams.add(name)
        if name.startswith("kline."):
            frame = INTERVALS[name.split(".")[1]]
            self._forming.setdefault(name, open_time(frame, self.exchange.clock.now_ms()))
        if not name.startswith("publicTrade"):
            socket.push(self._current(name, is_first=True), f"STREAM {name}")

    def _unsubscribe(self, socket: Socket, name: str) -> None:
        socket.streams.discard(name)
        listening = self._listening.get(name, [])
        if socket in listening:
            listening.remove(socket)
        if not listening:
            self._listening.pop(name, None)
            self._forming.pop(name, None)

    def _send(self, name: str, message: Message | None) -> None:
        for socket in list(self._listening.get(name, ())) if message else ():
            socket.push(message, f"STREAM {name}")

    def _current(self, name: str, *, is_first: bool) -> Message | None:
        channel, symbol = name.split(".", maxsplit=1)[0], name.rpartition(".")[2]
        if channel == "kline":
            frame = INTERVALS[name.split(".")[1]]
            start = open_time(frame, self.exchange.clock.now_ms())
            candle = self.exchange.market.quote(symbol).candles.one(frame, start)
            return self._kline(name, candle, is_closed=False)
        if channel == "tickers":
            return self._ticker(name, symbol, is_first=is_first)
        face = self.exchange.market.face(symbol)
        if channel == "orderbook":
            book = {
                "s": symbol,
                "b": [[shapes.text(face.bid), "1.5"]],
                "a": [[shapes.text(face.ask), "1.5"]],
                "u": 1,
                "seq": 1,
            }
            return self._message(name, "snapshot", book)
        return None

    def _ticker(self, name: str, symbol: str, *, is_first: bool) -> Message:
        """Return a snapshot; on linear what has changed only, after the first."""
        market = self.exchange.market
        row = shapes.ticker(market.quote(symbol), market.face(symbol), self.category, streams=True)
        before, self._told[name] = self._told.get(name, {}), row
        if is_first or self.category == "spot":
            return self._message(name, "snapshot", row)
        changed = {key: value for key, value in row.items() if before.get(key) != value}
        return self._message(name, "delta", {"symbol": symbol, **changed})

    def _kline(self, name: str, candle: Candle, *, is_closed: bool) -> Message:
        interval = name.split(".")[1]
        length = TIMEFRAMES[INTERVALS[interval]]
        row = {
            "start": candle.time_ms,
            "end": candle.time_ms + length - 1,
            "interval": interval,
            "open": shapes.text(candle.open),
            "close": shapes.text(candle.close),
            "high": shapes.text(candle.high),
            "low": shapes.text(candle.low),
            "volume": shapes.text(candle.volume),
            "turnover": shapes.text(candle.quote_volume),
            "confirm": is_closed,
            "timestamp": self.exchange.clock.now_ms(),
        }
        return self._message(name, "snapshot", [row])

    def _message(self, name: str, kind: str, content: Any) -> Message:
        return {"topic": name, "ts": self.exchange.clock.now_ms(), "type": kind, "data": content}


class PrivateStreams:
    """Orders, executions and positions of the account, to sockets that have authenticated."""

    def __init__(self, exchange: "BybitExchange") -> None:
        self.exchange = exchange
        self._known: set[int] = set()
        self._topics: dict[str, list[Socket]] = {}

    def command(self, socket: Socket, message: Message) -> None:
        """Serve auth, ping, subscribe and unsubscribe."""
        kind, args = message.get("op"), message.get("args") or []
        answer: Message = {"op": kind, "conn_id": "p", "req_id": str(message.get("req_id", ""))}
        if kind == "auth":
            if self._is_good(args):
                self._known.add(id(socket))
                socket.push(answer | {"success": True, "ret_msg": ""})
            else:
                asked = {"op": "auth", "args": args}
                refused = {"success": False, "ret_msg": "error:USVC1111", "request": asked}
                socket.push({**refused, "conn_id": "p"})
        elif kind == "ping":
            socket.push(answer | {"op": "pong", "args": [str(self.exchange.clock.now_ms())]})
        elif id(socket) not in self._known:
            socket.push(answer | {"success": False, "ret_msg": "Request not authorized"})
        else:
            for name in args if kind == "subscribe" else ():
                socket.streams.add(name)
                listening = self._topics.setdefault(name, [])
                if socket not in listening:
                    listening.append(socket)
            socket.push(answer | {"success": True, "ret_msg": ""})

    def leave(self, socket: Socket) -> None:
        """Forget a closed socket."""
        self._known.discard(id(socket))
        for listening in self._topics.values():
            if socket in listening:
                listening.remove(socket)

    def on_spot(self, kind: str, order: Order, fill: Fill | None) -> None:
        """Tell of a spot order."""
        self._tell(kind, order, fill, "spot")

    def on_swap(self, kind: str, order: Order, fill: Fill | None) -> None:
        """Tell of a linear order, and of its position."""
        self._tell(kind, order, fill, "linear")
        if fill is not None:
            rows = shapes.position_rows(self.exchange.swap, order.symbol)
            self._push("position", [row | {"category": "linear"} for row in rows])

    def on_algo(self, _order: Any) -> None:
        """Bybit has no such orders."""

    def _tell(self, _kind: str, order: Order, fill: Fill | None, category: str) -> None:
        if fill is not None:
            self._push("execution", [shapes.fill_row(fill, order, category, named=True)])
        self._push("order", [shapes.order_row(order, category, category_named=True)])

    def _push(self, topic: str, rows: list[Message]) -> None:
        now_ms = self.exchange.clock.now_ms()
        message = {"id": str(now_ms), "topic": topic, "creationTime": now_ms, "data": rows}
        for socket in list(self._topics.get(topic, ())):
            socket.push(message, f"USER {topic}")

    def _is_good(self, args: list[Any]) -> bool:
        if len(args) != 3 or args[0] != self.exchange.gate.api_key:
            return False
        secret = self.exchange.credentials.secret.encode()
        expected = hmac.new(secret, f"GET/realtime{args[1]}".encode(), hashlib.sha256).hexdigest()
        is_fresh = int(float(args[1])) > self.exchange.clock.real_ms()
        return is_fresh and not self.exchange.gate.is_expired and expected == args[2]
