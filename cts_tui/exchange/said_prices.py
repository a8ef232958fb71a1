"""Whether an exchange itself said a price: ccxt computes `last` where the exchange gives none.

What the exchange said lies in the ticker's `info`. A price counts as said when it is found there in
a field that may by its name be the last trade's price. Names of fields differ from exchange to
exchange; one with an unexpected name is believed once it has held the price of different tickers.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from enum import Enum, auto
from math import isfinite
from typing import Any, Final

from cts_tui.model.money import exact

Path = tuple[str | int, ...]

_MOST_PATHS: Final = 8
_MOST_DEPTH: Final = 3
_HITS_TO_BELIEVE: Final = 3
_HIT_SHARE: Final = 0.9
_COMPUTED_FROM: Final = ("open", "change", "percentage", "average")
_IS_LAST: Final = ("last", "close", "price", "px", "trade", "ltp", "latest", "mid")
_IS_OTHER: Final = (
    "high", "low", "bid", "ask", "buy", "sell", "mark", "index", "settle", "fund", "vol", "size",
    "qty", "quantity", "amount", "turnover", "count", "time", "24hprice",
)  # fmt: skip
_IS_NEVER: Final = ("open", "prev", "change", "chg", "percent", "avg", "average", "vwap", "weight")
"""What a computed price may equal by its making."""
_LAST_LETTERS: Final = frozenset(("c", "p", "ll"))
_NEVER_LETTERS: Final = frozenset("owxPO")


class _Standing(Enum):
    """What a field's name says of it."""

    LAST = auto()
    UNKNOWN = auto()
    NEVER = auto()


@dataclass(slots=True)
class _Record:
    """How often a field of unknown meaning held the last price."""

    hits: int = 0
    looks: int = 0
    last: float = 0.0


class SaidPrices:
    """Tells said prices from computed ones; learns where one exchange writes them."""

    def __init__(self) -> None:
        self._paths: list[Path] = []
        """Where last prices were found so far."""
        self._records: dict[Path, _Record] = {}

    def is_said(self, ticker: Mapping[str, Any], last: float) -> bool:
        """Return whether the exchange's own words hold `last`, the ticker's last price."""
        info = ticker.get("info")
        for path in self._paths:
            if number_of(_at(info, path)) == last:
                return True
        if not info:
            return all(ticker.get(name) is None for name in _COMPUTED_FROM)
        fields = [(path, number) for path, number in _numbers(info) if _holds(path, number, last)]
        for path, number in fields:
            if _standing(path) is _Standing.LAST:
                self._remember(path, exactly=number == last)
                return True
        return self._is_learned([path for path, _ in fields], last)

    def _remember(self, path: Path, *, exactly: bool) -> None:
        if exactly and path not in self._paths and len(self._paths) < _MOST_PATHS:
            self._paths.append(path)

    def _is_learned(self, held: list[Path], last: float) -> bool:
        """Return whether a field of unknown meaning among `held` is known to hold last prices."""
        for path, record in self._records.items():
            record.looks += path not in held
        believed = [path for path in held if self._count(path, last)]
        for path in believed:
            self._remember(path, exactly=True)
        return bool(believed)

    def _count(self, path: Path, last: float) -> bool:
        """Count a hit, once per price; return whether there were enough."""
        if _standing(path) is _Standing.NEVER:
            return False
        record = self._records.setdefault(path, _Record())
        if record.last != last:
            record.last = last
            record.hits += 1
            record.looks += 1
        return record.hits >= _HITS_TO_BELIEVE and record.hits >= _HIT_SHARE * record.looks


def said_price(ticker: Mapping[str, Any]) -> Decimal | None:
    """Return the last price of one ticker where the exchange itself told it, above zero."""
    last = number_of(ticker.get("last"))
    if last is None or last <= 0 or not SaidPrices().is_said(ticker, last):
        return None
    return exact(last)


def number_of(value: Any) -> float | None:
    """Return a finite number, however it is written; None for anything else."""
    if value is None or isinstance(value, bool):
        return None
    try:
        number = float(value)
    except (TypeError, ValueError):
        return None
    return number if isfinite(number) else None


def _standing(path: Path) -> _Standing:
    """Return what a field's name says; an item of a list goes by the name of its list.

    `lastPx`, `c` and `24hClose` may be the last price, `prevClose` is never one, `k` may be.
    """
    name = next((part for part in reversed(path) if isinstance(part, str)), "")
    if len(name) <= 2:
        if name in _LAST_LETTERS:
            return _Standing.LAST
        return _Standing.NEVER if name in _NEVER_LETTERS else _Standing.UNKNOWN
    lower = name.lower().replace("_", "")
    if any(part in lower for part in _IS_NEVER):
        return _Standing.NEVER
    if any(part in lower for part in _IS_OTHER):
        return _Standing.UNKNOWN
    return _Standing.LAST if any(part in lower for part in _IS_LAST) else _Standing.UNKNOWN


def _holds(path: Path, number: float, last: float) -> bool:
    """Return whether a field holds `last`, or, where its name says so, last in other units.

    Some exchanges tell prices as whole numbers of a small step: 2323232 for 0.02323232.
    """
    if number == last:
        return True
    return number > 0 and _standing(path) is _Standing.LAST and _digits(number) == _digits(last)


def _digits(number: float) -> tuple[int, ...]:
    return exact(number).normalize().as_tuple().digits


def _numbers(info: Any, path: Path = ()) -> Iterator[tuple[Path, float]]:
    """Yield every number in nested JSON with the way to it."""
    if isinstance(info, Mapping):
        items: Iterator[tuple[Any, Any]] = iter(info.items())
    elif isinstance(info, (list, tuple)):
        items = iter(enumerate(info))
    else:
        number = number_of(info)
        if number is not None:
            yield path, number
        return
    if len(path) < _MOST_DEPTH:
        for key, inner in items:
            yield from _numbers(inner, (*path, key))


def _at(info: Any, path: Path) -> Any:
    """Return what lies at `path`, None where the way ends."""
    for part in path:
        try:
            info = info[part]
        except (KeyError, IndexError, TypeError):
            return None
    return info
