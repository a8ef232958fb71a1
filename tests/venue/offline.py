"""Other exchanges' ccxt classes without a network: what they would send is kept, answers are given.

The cut is at ccxt's `fetch`, the last step before the socket.
"""

import json
from collections.abc import Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from cts_tui.clock import SystemClock
from cts_tui.errors import CtsError
from cts_tui.exchange.client_setup import in_own_context
from cts_tui.exchange.faults import Circumstances, explained
from cts_tui.exchange.instruments import instruments_of
from cts_tui.exchange.loader import load_exchange
from cts_tui.model.trading import MarketType
from cts_tui.venue.ccxt_venue import CcxtVenue

MARKET_IDS = {
    "bybit": ("BTCUSDT", "BTCUSDT"),
    "okx": ("BTC-USDT", "BTC-USDT-SWAP"),
    "kraken": ("XBTUSDT", ""),
    "kucoin": ("BTC-USDT", "XBTUSDTM"),
    "gate": ("BTC_USDT", "BTC_USDT"),
    "bitget": ("BTCUSDT", "BTCUSDT"),
    "binance": ("BTCUSDT", "BTCUSDT"),
}


@dataclass
class Sent:
    """One request."""

    method: str
    path: str
    fields: dict[str, Any]


@dataclass
class OfflineSession:
    """What a venue needs of a session, over a client that reaches no network."""

    exchange: str
    market: MarketType
    answer: Callable[[Sent], Any]
    contract_size: str = "1"
    sent: list[Sent] = field(default_factory=list)

    def __post_init__(self) -> None:
        client = load_exchange(self.exchange)(
            {"apiKey": "k", "secret": "c2VjcmV0", "password": "p", "uid": "u"}
        )
        client.set_markets([_market(client, self.exchange, self.market, self.contract_size)])
        client.options |= {"uta": False, "unifiedAccount": False, "enableUnifiedAccount": True}
        client.options["enableUnifiedMargin"] = False
        client.fetch = self._fetch
        client.decimal_to_precision = in_own_context(client.decimal_to_precision)
        self.client = client
        self.instruments = instruments_of(client.markets, self.market, client.precisionMode)

    def has(self, method: str) -> bool:
        return self.client.has.get(method) in (True, "emulated")

    def server_now_ms(self) -> int:
        return SystemClock().now_ms()

    async def call(self, method: str, *args: Any, **keywords: Any) -> Any:
        for ours in ("priority", "is_exit", "timeout_s"):
            keywords.pop(ours, None)
        is_order = keywords.pop("is_order", False)
        try:
            return await getattr(self.client, method)(*args, **keywords)
        except Exception as error:  # noqa: BLE001 - as the session does
            known = Circumstances(status=200)
            raise (
                error
                if isinstance(error, CtsError)
                else explained(error, is_order=is_order, known=known)
            ) from None

    async def _fetch(
        self, url: str, method: str = "GET", headers: Any = None, body: Any = None
    ) -> Any:
        parts = urlsplit(url)
        fields = dict(parse_qsl(parts.query))
        if isinstance(body, str) and body[:1] in "[{":
            given = json.loads(body)
            fields |= given[0] if isinstance(given, list) else given
        elif isinstance(body, str):
            fields |= dict(parse_qsl(body))
        request = Sent(method, parts.path, fields)
        self.sent.append(request)
        answer = self.answer(request)
        text = json.dumps(answer)
        self.client.handle_errors(200, "OK", url, method, {}, text, answer, headers, body)
        return answer


def _market(client: Any, exchange: str, market: MarketType, contract_size: str) -> dict[str, Any]:
    is_swap = market is MarketType.SWAP
    id_ = MARKET_IDS[exchange][is_swap]
    size = float(contract_size) if is_swap else None
    return dict(
        client.safe_market_structure(
            {
                "id": id_,
                "lowercaseId": id_.lower(),
                "symbol": "BTC/USDT:USDT" if is_swap else "BTC/USDT",
                "base": "BTC",
                "quote": "USDT",
                "baseId": "BTC",
                "quoteId": "USDT",
                "settle": "USDT" if is_swap else None,
                "settleId": "usdt" if is_swap else None,
                "type": market.value,
                "spot": not is_swap,
                "swap": is_swap,
                "margin": False,
                "future": False,
                "option": False,
                "active": True,
                "contract": is_swap,
                "linear": True if is_swap else None,
                "inverse": False if is_swap else None,
                "contractSize": size,
                "precision": {"amount": 1.0 if is_swap and size != 1 else 0.00001, "price": 0.1},
                "limits": {"amount": {}, "price": {}, "cost": {}, "leverage": {}},
                "info": {"quoteIncrement": "0.01", "enable_decimal": False},
            }
        )
    )


@asynccontextmanager
async def offline(
    exchange: str, market: str, answer: Callable[[Sent], Any], contract_size: str = "1"
) -> Any:
    """Give a venue of another exchange and the session behind it."""
    session = OfflineSession(exchange, MarketType(market), answer, contract_size)
    symbol = "BTC/USDT:USDT" if market == "swap" else "BTC/USDT"
    try:
        yield CcxtVenue(session, [symbol]), session  # type: ignore[arg-type]
    finally:
        await session.client.close()


def exact(value: Any) -> Decimal:
    """Return a sent number, whether text, int or float."""
    return Decimal(str(value))
