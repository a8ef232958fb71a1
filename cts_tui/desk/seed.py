"""What an empty data folder begins with: connections for the usual venues, built-in strategies."""

from typing import Final

from cts_tui.clock import SystemClock, utc_from_ms
from cts_tui.market.simulated import DEFAULT_SYMBOLS
from cts_tui.model.connection import SIMULATED_EXCHANGE, ConnectionDraft
from cts_tui.model.trading import MarketType
from cts_tui.rules.builtin import builtin_strategies
from cts_tui.store import connections, strategies
from cts_tui.store.database import Database

DEMO: Final = "demo"
_MAJORS: Final = ("BTC/USDT", "ETH/USDT")
_TEMPLATES: Final = (
    ("binance", "binance", MarketType.SPOT, _MAJORS),
    ("bybit", "bybit", MarketType.SPOT, _MAJORS),
    ("okx", "okx", MarketType.SPOT, _MAJORS),
    ("kraken", "kraken", MarketType.SPOT, ("BTC/USD", "ETH/USD")),
    ("coinbase", "coinbase", MarketType.SPOT, ("BTC/USD", "ETH/USD")),
    ("kucoin", "kucoin", MarketType.SPOT, _MAJORS),
    ("gate", "gate", MarketType.SPOT, _MAJORS),
    ("bitget", "bitget", MarketType.SPOT, _MAJORS),
    ("mexc", "mexc", MarketType.SPOT, _MAJORS),
    ("bingx", "bingx", MarketType.SPOT, _MAJORS),
    ("hyperliquid", "hyperliquid", MarketType.SWAP, ("BTC/USDC:USDC", "ETH/USDC:USDC")),
)


def seed(database: Database) -> None:
    """Fill a store that has no connection yet; one that has any is left as it is.

    Built-in strategies that the store lacks are added, enabled.
    """
    now = utc_from_ms(SystemClock().now_ms())
    with database.read() as transaction:
        is_empty = not connections.setups(transaction)
        known = {spec.name for spec in strategies.specs(transaction, only_enabled=False)}
    missing = [spec for spec in builtin_strategies() if spec.name not in known]
    if not is_empty and not missing:
        return
    with database.write() as transaction:
        if is_empty and not connections.setups(transaction):
            connections.add(transaction, _demo(), now, is_predefined=True, enabled=True)
            for draft in _templates():
                connections.add(transaction, draft, now, is_predefined=True)
        stored = {spec.name for spec in strategies.specs(transaction, only_enabled=False)}
        for spec in missing:
            if spec.name not in stored:
                strategies.add(transaction, spec, now, enabled=True, is_builtin=True)


def _demo() -> ConnectionDraft:
    return ConnectionDraft(
        name=DEMO, exchange=SIMULATED_EXCHANGE, symbols=DEFAULT_SYMBOLS, timeframe="1m"
    )


def _templates() -> list[ConnectionDraft]:
    return [
        ConnectionDraft(name=name, exchange=exchange, market=market, symbols=symbols)
        for name, exchange, market, symbols in _TEMPLATES
    ]
