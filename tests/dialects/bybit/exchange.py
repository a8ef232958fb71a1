"""The loopback exchange in Bybit's v5 dialect: the same market, engines, faults and journal."""

from copy import deepcopy
from typing import Any

from tests.dialects.bybit.account_rest import account_routes
from tests.dialects.bybit.market_rest import market_of, market_routes
from tests.dialects.bybit.orders_rest import order_routes
from tests.dialects.bybit.server import BybitServer
from tests.dialects.bybit.streams import PrivateStreams, PublicStreams
from tests.loopback import LoopbackExchange
from tests.loopback.matching import Engine
from tests.loopback.routes import Params


class BybitExchange(LoopbackExchange):
    """Bybit on 127.0.0.1, driven by the unmodified ccxt through `overlay`."""

    def overlay(self, market: str = "spot") -> dict[str, Any]:
        """Return the ccxt overlay (JSON); the same for both markets."""
        rest, streams = self.url, self.stream_url
        private = f"{streams}/v5/private"
        addresses = {
            "spot": rest,
            "futures": rest,
            "v2": rest,
            "public": rest,
            "private": rest,
            "ws": {
                "public": {
                    name: f"{streams}/v5/public/{name}"
                    for name in ("spot", "linear", "inverse", "option")
                },
                "private": {
                    "spot": {"unified": private, "nonUnified": private},
                    "contract": private,
                    "usdc": private,
                    "trade": f"{streams}/v5/trade",
                },
            },
        }
        return {"urls": {name: deepcopy(addresses) for name in ("api", "test", "demotrading")}}

    def engine(self, params: Params) -> Engine:
        """Return the engine of a request's category. Raises Refusal."""
        return self.spot if market_of(params) == "spot" else self.swap

    def streams_of(self, label: str) -> PublicStreams | PrivateStreams:
        """Return what serves a websocket."""
        if label == "any user":
            return self.user_streams
        return self.market_streams[label.partition(" ")[0]]

    def _listen(self) -> None:
        """Put Bybit's parts in the place of Binance's before anything hears of anything."""
        self.margin_mode = "REGULAR_MARGIN"
        self._server = BybitServer(self, "127.0.0.1")
        tables = [market_routes(), account_routes(), order_routes()]
        self.routes = {key: route for table in tables for key, route in table.table.items()}
        self.market_streams = {name: PublicStreams(self, name) for name in ("spot", "swap")}
        self.user_streams = PrivateStreams(self)
        self.swap.trigger = self._trigger_linear
        super()._listen()

    def _trigger_linear(self, symbol: str) -> None:
        """Wake conditional orders: on Bybit they keep their id and go into the book."""
        for order in self.swap.open_orders(symbol):
            if self.swap.is_triggered(order):
                order.is_triggered = True
                self.swap.work(order)
