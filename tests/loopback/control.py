"""The control port: what a test in another process may do to the exchange, as JSON over HTTP.

`POST /NAME` with a JSON object of the arguments; the answer is `{"ok": …}` or, with status 400,
`{"error": "…"}`. It listens on a port of its own, so that it works during an outage.
"""

import asyncio
from collections.abc import Callable
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import orjson
from aiohttp import web

from tests.loopback.dialect import Refusal

if TYPE_CHECKING:
    from tests.loopback.exchange import LoopbackExchange

Body = dict[str, Any]
Command = Callable[["LoopbackExchange", Body], Any]
_SETTINGS = {
    "clock_skew_ms",
    "withdraw_allowed",
    "ip_restricted",
    "is_in_maintenance",
    "heartbeat_s",
    "gate.can_trade",
    "gate.can_read",
    "gate.is_expired",
    "gate.is_whitelisted",
    "rates.limit",
    "rates.has_retry_after",
    "spot.dead_ids_stay_taken",
    "spot.fee_currency",
    "swap.fee_currency",
}


class Control:
    """The server of the control port."""

    def __init__(self, exchange: "LoopbackExchange", host: str = "127.0.0.1") -> None:
        self.exchange = exchange
        self.host = host
        self.port = 0
        self._runner: web.AppRunner | None = None

    async def start(self, port: int = 0) -> None:
        """Begin to listen."""
        app = web.Application()
        app.router.add_post("/{name}", self.handle)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await self._runner.setup()
        site = web.TCPSite(self._runner, self.host, port)
        await site.start()
        self.port = self._runner.addresses[0][1]

    async def close(self) -> None:
        """Stop listening."""
        if self._runner is not None:
            await self._runner.cleanup()

    async def handle(self, request: web.Request) -> web.Response:
        """Serve one command."""
        command = COMMANDS.get(request.match_info["name"])
        if command is None:
            return _answer({"error": f"no such command; there are {sorted(COMMANDS)}"}, 404)
        try:
            body: Body = orjson.loads(await request.read() or b"{}")
            result = command(self.exchange, body)
            if asyncio.iscoroutine(result):
                result = await result
        except (KeyError, TypeError, ValueError, ArithmeticError, Refusal) as error:
            return _answer({"error": f"{type(error).__name__}: {error}"}, 400)
        return _answer({"ok": result}, 200)


def change(exchange: "LoopbackExchange", body: Body) -> Any:
    """Set attributes by name, `{"clock_skew_ms": 30000, "gate.can_trade": false}`."""
    for name, value in body.items():
        if name not in _SETTINGS:
            raise ValueError(f"{name} cannot be set; there are {sorted(_SETTINGS)}")
        owner, _, last = name.rpartition(".")
        target = getattr(exchange, owner) if owner else exchange
        setattr(target, last, value)
    return sorted(body)


def quote(exchange: "LoopbackExchange", body: Body) -> Any:
    """Set `spread`, `quote_volume` or `liquidity` (null: no bound) of a symbol; tell its price."""
    known = exchange.market.quote(body["symbol"])
    if "spread" in body:
        known.spread = Decimal(str(body["spread"]))
    if "quote_volume" in body:
        known.quote_volume = Decimal(str(body["quote_volume"]))
    if "liquidity" in body:
        exchange.liquidity.pop(body["symbol"], None)
        if body["liquidity"] is not None:
            exchange.liquidity[body["symbol"]] = Decimal(str(body["liquidity"]))
    return {"last": str(known.last), "bid": str(known.bid), "ask": str(known.ask)}


async def outage(exchange: "LoopbackExchange", body: Body) -> Any:
    """Go away; with `seconds`, come back by itself."""
    exchange.outage()
    if "seconds" in body:
        exchange.background(_recover_after(exchange, float(body["seconds"])))
    return "gone"


async def recover(exchange: "LoopbackExchange", _body: Body) -> Any:
    """Come back on the same port."""
    await exchange.recover()
    return "back"


def account(exchange: "LoopbackExchange", _body: Body) -> Any:
    """Tell what the venue holds to be true: orders, fills, positions, balances."""
    engines = {"spot": exchange.spot, "swap": exchange.swap}
    return {
        "orders": {
            name: [order.as_record() for order in engine.orders.values()]
            for name, engine in engines.items()
        },
        "algo_orders": [order.as_record() for order in exchange.algo.orders.values()],
        "fills": {
            name: [
                {
                    "id": fill.id,
                    "order_id": fill.order_id,
                    "client_id": fill.client_id,
                    "symbol": fill.symbol,
                    "side": fill.side,
                    "price": str(fill.price),
                    "quantity": str(fill.quantity),
                    "fee": str(fill.fee),
                    "fee_currency": fill.fee_currency,
                }
                for fill in engine.fills
            ]
            for name, engine in engines.items()
        },
        "positions": [
            {
                "symbol": position.symbol,
                "side": position.side,
                "amount": str(position.amount),
                "entry_price": str(position.entry_price),
            }
            for position in exchange.swap.held()
        ],
        "balances": {
            name: {"free": str(held.free), "locked": str(held.locked)}
            for name, held in exchange.spot.balances.items()
        },
        "wallet": {name: str(amount) for name, amount in exchange.swap.wallet.items()},
    }


def _named(method: Callable[..., Any], show: Callable[[Any], Any] = lambda _result: None) -> Any:
    return lambda body: show(method(**body))


async def _recover_after(exchange: "LoopbackExchange", seconds: float) -> None:
    await asyncio.sleep(seconds)
    await exchange.recover()


def _answer(body: Body, status: int) -> web.Response:
    return web.Response(status=status, body=orjson.dumps(body), content_type="application/json")


COMMANDS: dict[str, Command] = {
    "trade": lambda ex, body: _named(ex.market.trade, lambda made: made.id)(body),
    "quote": quote,
    "freeze": lambda ex, body: _named(ex.market.freeze)(body),
    "thaw": lambda ex, body: _named(ex.market.thaw)(body),
    "fault": lambda ex, body: _named(ex.faults.add, lambda _rule: len(ex.faults.rules))(body),
    "faults": lambda ex, _body: [rule.as_json() for rule in ex.faults.rules],
    "clear_faults": lambda ex, body: _named(ex.faults.clear)(body),
    "set": change,
    "outage": outage,
    "recover": recover,
    "release_late": lambda ex, body: _named(ex.release_late)(body),
    "cut": lambda ex, body: _named(ex.sockets.cut, int)(body),
    "stall": lambda ex, body: _named(ex.sockets.stall, int)(body),
    "resume": lambda ex, body: _named(ex.sockets.resume)(body),
    "sockets": lambda ex, _body: [
        {"label": s.label, "streams": sorted(s.streams), "sent": s.sent} for s in ex.sockets.open
    ],
    "expire_listen_key": lambda ex, body: _named(ex.user_streams.expire_listen_key)(body),
    "terminate_spot": lambda ex, body: _named(ex.user_streams.terminate_spot)(body),
    "halt": lambda ex, body: _named(ex.halt)(body),
    "delist": lambda ex, body: _named(ex.delist)(body),
    "hold": lambda ex, body: _named(ex.clock.hold)(body),
    "advance": lambda ex, body: _named(ex.advance)(body),
    "release": lambda ex, body: _named(ex.clock.release)(body),
    "order": lambda ex, body: _named(ex.by_hand.order, lambda order: order.as_record())(body),
    "stop": lambda ex, body: _named(ex.by_hand.stop, lambda order: order.as_record())(body),
    "cancel": lambda ex, body: _named(ex.by_hand.cancel, lambda order: order.as_record())(body),
    "position": lambda ex, body: _named(ex.by_hand.position)(body),
    "deposit": lambda ex, body: _named(ex.by_hand.deposit)(body),
    "account": account,
    "journal": lambda ex, body: ex.journal.as_json(body.get("route", "*")),
    "pause_walk": lambda ex, body: _named(ex.end_background)(body),
}
