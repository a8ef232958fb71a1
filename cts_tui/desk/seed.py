"""What an empty data folder begins with: connections for the usual venues, built-in strategies."""

from typing import Final

from cts_tui.clock import SystemClock, utc_from_ms
from cts_tui.market.simulated import DEFAULT_SYMBOLS
from cts_tui.model.connection import SIMULATED_EXCHANGE, ConnectionDraft
from cts_tui.model.strategy import StrategySpec
from cts_tui.model.trading import MarketType
from cts_tui.rules.builtin import builtin_strategies
from cts_tui.store import connections, strategies
from cts_tui.store.database import Database, Transaction

DEMO: Final = "demo"
ENABLED_AT_FIRST: Final = frozenset({"macd-cross", "rsi-reversal", "sma-cross"})
"""The built-in strategies that run unasked; the others wait until the trader enables them."""
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


def seed(database: Database) -> list[str]:
    """Fill a store that has no connection yet; one that has any is left as it is.

    Built-in strategies that the store lacks are added. Returns a line for each change.
    """
    now = utc_from_ms(SystemClock().now_ms())
    with database.read() as transaction:
        if not _is_empty(transaction) and not _missing(transaction):
            return []
    told: list[str] = []
    with database.write() as transaction:
        if _is_empty(transaction):
            connections.add(transaction, _demo(), now, is_predefined=True, enabled=True)
            for draft in templates():
                connections.add(transaction, draft, now, is_predefined=True)
            told.append(
                f"the desk begins with {DEMO}, enabled, and {len(_TEMPLATES)} disabled connections"
            )
        missing = _missing(transaction)
        for spec in missing:
            is_enabled = spec.name in ENABLED_AT_FIRST
            strategies.add(transaction, spec, now, enabled=is_enabled, is_builtin=True)
        return told + _additions([spec.name for spec in missing])


def _additions(names: list[str]) -> list[str]:
    """Return a line for the strategies that were added enabled, and one for the others."""
    lines = []
    if running := [name for name in names if name in ENABLED_AT_FIRST]:
        lines.append(f"added and enabled the built-in strategies {', '.join(running)}")
    if waiting := [name for name in names if name not in ENABLED_AT_FIRST]:
        lines.append(f"added the built-in strategies {', '.join(waiting)}, disabled")
    return lines


def _is_empty(transaction: Transaction) -> bool:
    return not connections.setups(transaction)


def _missing(transaction: Transaction) -> list[StrategySpec]:
    """Return the built-in strategies that the store lacks."""
    known = {spec.name for spec in strategies.specs(transaction, only_enabled=False)}
    return [spec for spec in builtin_strategies() if spec.name not in known]


def usual_symbols(exchange: str, market: MarketType) -> tuple[str, ...]:
    """Return the symbols of a connection for which the trader names none."""
    if exchange == SIMULATED_EXCHANGE:
        return DEFAULT_SYMBOLS
    known = {template: symbols for _, template, _, symbols in _TEMPLATES}
    pairs = [symbol.partition(":")[0] for symbol in known.get(exchange, _MAJORS)]
    if market is MarketType.SPOT:
        return tuple(pairs)
    return tuple(f"{pair}:{pair.partition('/')[2]}" for pair in pairs)


def _demo() -> ConnectionDraft:
    return ConnectionDraft(
        name=DEMO, exchange=SIMULATED_EXCHANGE, symbols=DEFAULT_SYMBOLS, timeframe="1m"
    )


def templates() -> list[ConnectionDraft]:
    """Return the drafts of the usual exchanges, the best known first."""
    return [
        ConnectionDraft(name=name, exchange=exchange, market=market, symbols=symbols)
        for name, exchange, market, symbols in _TEMPLATES
    ]
