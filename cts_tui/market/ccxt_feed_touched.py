"""A cache of ccxt that knows what changed in it: what a message says is taken at its cost alone."""

from typing import Any


class TouchedCache(dict[str, Any]):
    """Takes the place of `client.tickers`; `touched`: the symbols written since it was read."""

    def __init__(self, known: dict[str, Any]) -> None:
        super().__init__(known)
        self.touched: set[str] = set()

    def __setitem__(self, symbol: str, ticker: Any) -> None:
        super().__setitem__(symbol, ticker)
        self.touched.add(symbol)

    def take(self) -> set[str]:
        """Return what was written since the last call."""
        touched, self.touched = self.touched, set()
        return touched


def touched_cache(client: Any, name: str) -> TouchedCache:
    """Return a cache of a ccxt client (`tickers`, `bidsasks`), put in place where it is not yet."""
    cache = getattr(client, name)
    if not isinstance(cache, TouchedCache):
        cache = TouchedCache(cache or {})
        setattr(client, name, cache)
    return cache
