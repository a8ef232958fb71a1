"""Chooses symbols by a filter: `quote=USDT volume>10M top=20 exclude=USDC,*UP`.

Terms stand side by side, all must hold. `quote`, `base`, `exclude` take lists with `*` and `?`;
`volume` is the quote volume of 24 hours, `spread` is in percent of the price; K, M, B count
thousands, millions, billions; `top` keeps that many of the most traded.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from difflib import get_close_matches
from fnmatch import fnmatchcase
from math import isfinite
from typing import Any, Final

from cts_tui.errors import ConfigError
from cts_tui.model.instrument import Instrument

EXAMPLE: Final = "quote=USDT volume>10M top=20 exclude=USDC"
_TERM: Final = re.compile(r"([a-z_]+)\s*(>=|<=|=|>|<)\s*(.*)")
_SUFFIXES: Final = {"K": Decimal(10**3), "M": Decimal(10**6), "B": Decimal(10**9)}
_OPERATORS: Final = {
    "quote": "=",
    "base": "=",
    "exclude": "=",
    "top": "=",
    "volume": ">",
    "min_price": "=>",
    "max_price": "=<",
    "spread": "<",
}
"""What a key may be compared by; `>=` and `<=` go for `>` and `<`."""


@dataclass(frozen=True, slots=True)
class SymbolFilter:
    """What a symbol must be like; None and empty say nothing."""

    quotes: tuple[str, ...] = ()
    bases: tuple[str, ...] = ()
    excluded: tuple[str, ...] = ()
    """Symbols or bases."""
    least_volume: Decimal | None = None
    """Quote currency, over 24 hours."""
    least_price: Decimal | None = None
    most_price: Decimal | None = None
    most_spread_pct: Decimal | None = None
    top: int | None = None

    @property
    def needs_tickers(self) -> bool:
        """Whether it looks at more than names."""
        figures = (self.least_volume, self.least_price, self.most_price, self.most_spread_pct)
        return self.top is not None or any(figure is not None for figure in figures)

    def candidates(self, instruments: Mapping[str, Instrument]) -> list[str]:
        """Return the symbols that trade and whose names fit, in order of name."""
        return sorted(
            symbol
            for symbol, instrument in instruments.items()
            if instrument.is_active and instrument.is_linear and self._is_named(instrument)
        )

    def chosen(
        self, instruments: Mapping[str, Instrument], tickers: Mapping[str, Mapping[str, Any]]
    ) -> tuple[str, ...]:
        """Return the symbols that fit, the most traded first where tickers are looked at."""
        named = self.candidates(instruments)
        if not self.needs_tickers:
            return tuple(named)
        fits = [one for one in named if one in tickers and self._is_figured(tickers[one])]
        fits.sort(key=lambda symbol: -(_volume(tickers[symbol]) or Decimal(0)))
        return tuple(fits[: self.top])

    def _is_named(self, instrument: Instrument) -> bool:
        names = (instrument.symbol, instrument.base)
        return (
            (not self.quotes or _fits(self.quotes, (instrument.quote,)))
            and (not self.bases or _fits(self.bases, (instrument.base,)))
            and not _fits(self.excluded, names)
        )

    def _is_figured(self, ticker: Mapping[str, Any]) -> bool:
        """Return whether a ticker's figures fit; a figure that is missing does not."""
        price = _decimal(ticker.get("last"))
        volume = _volume(ticker)
        return (
            _is_least(volume, self.least_volume)
            and _is_least(price, self.least_price)
            and _is_most(price, self.most_price)
            and _is_most(_spread_pct(ticker), self.most_spread_pct)
        )


def parse_filter(text: str) -> SymbolFilter:
    """Return the filter that `text` writes. Raises ConfigError that says what was expected."""
    values: dict[str, Any] = {}
    for term in text.split():
        match = _TERM.fullmatch(term)
        if match is None:
            raise ConfigError(
                f"{term!r} is no term of a symbol filter: expected terms like {EXAMPLE}"
            )
        key, operator, value = match.groups()
        _check_key(key, operator, term)
        if key in values:
            raise ConfigError(f"the symbol filter says {key} twice: say it once")
        values[key] = _value(key, value, term)
    if not values:
        raise ConfigError(f"the symbol filter is empty: expected terms like {EXAMPLE}")
    return SymbolFilter(
        quotes=values.get("quote", ()),
        bases=values.get("base", ()),
        excluded=values.get("exclude", ()),
        least_volume=values.get("volume"),
        least_price=values.get("min_price"),
        most_price=values.get("max_price"),
        most_spread_pct=values.get("spread"),
        top=values.get("top"),
    )


def _check_key(key: str, operator: str, term: str) -> None:
    if key not in _OPERATORS:
        similar = get_close_matches(key, _OPERATORS, n=1)
        hint = f"did you mean {similar[0]}?" if similar else f"expected {', '.join(_OPERATORS)}"
        raise ConfigError(f"a symbol filter knows no {key!r}: {hint}")
    allowed = _OPERATORS[key]
    if operator[0] not in allowed:
        raise ConfigError(
            f"{term!r}: {key} is written with {' or '.join(allowed)}, as in {EXAMPLE}"
        )


def _value(key: str, text: str, term: str) -> Any:
    if key in {"quote", "base", "exclude"}:
        names = tuple(name.upper() for name in text.split(",") if name)
        if not names:
            raise ConfigError(f"{term!r}: expected one name or more, like {key}=USDT")
        return names
    number = _number(text.removesuffix("%") if key == "spread" else text)
    if number is None or number <= 0:
        raise ConfigError(f"{term!r}: expected a positive number like 20, 0.5 or 10M")
    if key != "top":
        return number
    if number != int(number):
        raise ConfigError(f"{term!r}: expected a whole number like top=20")
    return int(number)


def _number(text: str) -> Decimal | None:
    """Return `1.5M` as 1500000, None where it is no number."""
    factor = _SUFFIXES.get(text[-1:].upper())
    try:
        number = Decimal(text[:-1] if factor else text)
    except InvalidOperation:
        return None
    return number * (factor or 1) if number.is_finite() else None


def _fits(patterns: Iterable[str], names: Iterable[str]) -> bool:
    return any(fnmatchcase(name.upper(), pattern) for name in names for pattern in patterns)


def _decimal(value: Any) -> Decimal | None:
    if isinstance(value, bool) or not isinstance(value, int | float | Decimal):
        return None
    return Decimal(str(value)) if isfinite(value) else None


def _volume(ticker: Mapping[str, Any]) -> Decimal | None:
    """Return the volume in quote currency, from that in base currency where need be."""
    quote = _decimal(ticker.get("quoteVolume"))
    base, price = _decimal(ticker.get("baseVolume")), _decimal(ticker.get("last"))
    if quote is None and base is not None and price is not None:
        return base * price
    return quote


def _spread_pct(ticker: Mapping[str, Any]) -> Decimal | None:
    """Return ask minus bid in percent of the middle."""
    bid, ask = _decimal(ticker.get("bid")), _decimal(ticker.get("ask"))
    if bid is None or ask is None or not 0 < bid <= ask:
        return None
    return (ask - bid) / (ask + bid) * 200


def _is_least(value: Decimal | None, least: Decimal | None) -> bool:
    return least is None or (value is not None and value >= least)


def _is_most(value: Decimal | None, most: Decimal | None) -> bool:
    return most is None or (value is not None and value <= most)
