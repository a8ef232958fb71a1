"""Which streams a feed asks an exchange for: many symbols at once where it can, else one by one."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

BATCH: Final = 50
"""Symbols in one subscription; an exchange that takes fewer gets halves."""


class Kind(StrEnum):
    """What a subscription brings."""

    TICKERS = "tickers"
    CANDLES = "candles"
    QUOTES = "quotes"


@dataclass(frozen=True, slots=True)
class Subscription:
    """One `watch_*` of ccxt.pro for one or more symbols."""

    kind: Kind
    method: str
    symbols: tuple[str, ...]
    timeframe: str

    @property
    def args(self) -> tuple[Any, ...]:
        """What the method takes."""
        match self.method:
            case "watch_tickers" | "watch_bids_asks":
                return (list(self.symbols),)
            case "watch_ohlcv_for_symbols":
                return ([[symbol, self.timeframe] for symbol in self.symbols],)
            case "watch_ohlcv":
                return self.symbols[0], self.timeframe
            case _:
                return (self.symbols[0],)

    def halves(self) -> "tuple[Subscription, ...]":
        """Return it in two parts; nothing where it is of one symbol."""
        middle = len(self.symbols) // 2
        parts = (self.symbols[:middle], self.symbols[middle:]) if middle else ()
        return tuple(Subscription(self.kind, self.method, part, self.timeframe) for part in parts)


_METHODS: Final = {
    Kind.TICKERS: (("watchTickers", "watch_tickers"), ("watchTicker", "watch_ticker")),
    Kind.CANDLES: (
        ("watchOHLCVForSymbols", "watch_ohlcv_for_symbols"),
        ("watchOHLCV", "watch_ohlcv"),
    ),
    Kind.QUOTES: (("watchBidsAsks", "watch_bids_asks"),),
}
"""ccxt's name in `has` and the method: for many symbols first."""
_FOR_MANY: Final = frozenset(("watch_tickers", "watch_ohlcv_for_symbols", "watch_bids_asks"))


def subscriptions(
    kinds: Sequence[Kind], symbols: Sequence[str], timeframe: str, has: Callable[[str], bool]
) -> list[Subscription]:
    """Return what to subscribe; a kind that the exchange does not stream is left out."""
    return [one for kind in kinds for one in _of_kind(kind, symbols, timeframe, has)]


def _of_kind(
    kind: Kind, symbols: Sequence[str], timeframe: str, has: Callable[[str], bool]
) -> Iterator[Subscription]:
    method = next((method for name, method in _METHODS[kind] if has(name)), None)
    if method is None:
        return
    size = BATCH if method in _FOR_MANY else 1
    for start in range(0, len(symbols), size):
        yield Subscription(kind, method, tuple(symbols[start : start + size]), timeframe)
