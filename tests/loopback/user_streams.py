"""User streams: spot over the websocket API, futures over a listen key."""

from itertools import count
from typing import TYPE_CHECKING, Any

from tests.loopback import spot_shapes, swap_events
from tests.loopback.algo import AlgoOrder
from tests.loopback.dialect import Refusal
from tests.loopback.orders import Fill, Order
from tests.loopback.sockets import Socket

if TYPE_CHECKING:
    from tests.loopback.exchange import LoopbackExchange


class UserStreams:
    """Tells the account of its orders, fills, balances and positions."""

    def __init__(self, exchange: "LoopbackExchange") -> None:
        self.exchange = exchange
        self._spot: dict[int, Socket] = {}
        self._swap: list[Socket] = []
        self._ids = count(0)
        self._keys = count(1)
        self._listen_key: str | None = None

    # Futures: listen keys.

    @property
    def has_listen_key(self) -> bool:
        """Whether a listen key is alive."""
        return self._listen_key is not None

    def listen_key(self) -> str:
        """Return the living listen key, a new one where there is none."""
        if self._listen_key is None:
            self._listen_key = f"loopback{next(self._keys):056d}"
        return self._listen_key

    def expire_listen_key(self) -> None:
        """Let the listen key die, as after an hour without keep-alive."""
        now = self.exchange.clock.now_ms()
        message = {"e": "listenKeyExpired", "E": now, "listenKey": self._listen_key}
        self._to_swap(message)
        self._listen_key = None

    def join_swap(self, socket: Socket, key: str) -> None:
        """Take in a futures user socket; one with a dead key hears nothing, as on Binance."""
        if key and key == self._listen_key:
            self._swap.append(socket)

    def leave(self, socket: Socket) -> None:
        """Forget a closed socket."""
        if socket in self._swap:
            self._swap.remove(socket)
        for number in [at for at, other in self._spot.items() if other is socket]:
            del self._spot[number]

    # Spot: the websocket API.

    def command(self, socket: Socket, message: dict[str, Any]) -> None:
        """Serve one call of the websocket API."""
        answer: dict[str, Any] = {"id": message.get("id"), "status": 200}
        try:
            answer["result"] = self._call(socket, message)
        except Refusal as refusal:
            answer |= {"status": refusal.status, "error": refusal.body}
        socket.push(answer)

    def terminate_spot(self) -> None:
        """End the spot subscriptions with eventStreamTerminated."""
        now = self.exchange.clock.now_ms()
        self._to_spot({"e": "eventStreamTerminated", "E": now})
        self._spot.clear()

    def _call(self, socket: Socket, message: dict[str, Any]) -> Any:
        method = message.get("method", "")
        params = {name: str(value) for name, value in (message.get("params") or {}).items()}
        if method == "ping":
            return {}
        if method == "time":
            return {"serverTime": self.exchange.clock.now_ms()}
        if method == "userDataStream.subscribe.signature":
            gate = self.exchange.gate
            gate.check_key(params.get("apiKey"))
            signed = sorted((k, v) for k, v in params.items() if k != "signature")
            payload = "&".join(f"{name}={value}" for name, value in signed)
            gate.check_signature(payload, params)
            number = next(self._ids)
            self._spot[number] = socket
            return {"subscriptionId": number}
        if method == "userDataStream.unsubscribe":
            self.leave(socket)
            return {}
        raise Refusal(-1020, "This operation is not supported.")

    # What happened.

    def on_spot(self, kind: str, order: Order, fill: Fill | None) -> None:
        """Tell of a spot order."""
        now = self.exchange.clock.now_ms()
        self._to_spot(spot_shapes.execution_report(kind, order, fill, now))
        listing = self.exchange.market.listings[order.symbol]
        currencies = {listing.base: None, listing.quote: None}
        if fill is not None:
            currencies[fill.fee_currency] = None
        if not (kind == "NEW" and order.is_market and not order.is_waiting):
            self._to_spot(spot_shapes.account_position(self.exchange.spot, list(currencies), now))

    def on_swap(self, kind: str, order: Order, fill: Fill | None) -> None:
        """Tell of a futures order, and of the account where it filled."""
        now = self.exchange.clock.now_ms()
        if fill is not None:
            position = self.exchange.swap.position(order.symbol, order.position_side)
            self._to_swap(swap_events.account_update(self.exchange.swap, [position], now))
        self._to_swap(swap_events.order_update(kind, order, fill, now))

    def on_algo(self, order: AlgoOrder) -> None:
        """Tell of a conditional order."""
        self._to_swap(swap_events.algo_update(order, self.exchange.clock.now_ms()))

    def _to_spot(self, event: dict[str, Any]) -> None:
        for number, socket in list(self._spot.items()):
            socket.push({"subscriptionId": number, "event": event}, f"USER {event['e']}")

    def _to_swap(self, event: dict[str, Any]) -> None:
        for socket in list(self._swap):
            socket.push(event, f"USER {event['e']}")
