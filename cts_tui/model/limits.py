"""Risk limits of a trader, and where a connection stands against its loss limits."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from decimal import Decimal, InvalidOperation
from typing import Any, Final

MARGIN_MODES: Final = ("isolated", "cross")
OFF: Final = "off"


@dataclass(frozen=True, slots=True)
class RiskLimits:
    """What every entry is checked against; None is off. Money is in the quote currency.

    They apply to paper and live connections alike, never to replays.
    """

    collar_pct: Decimal | None = Decimal(5)
    """How far the expected price of an entry may be from the last trade and the book."""
    max_orders_per_minute: int | None = 60
    max_order_notional: Decimal | None = None
    max_position_notional: Decimal | None = None
    """Of all positions and entries on one symbol together."""
    max_open_positions: int | None = None
    max_exposure: Decimal | None = None
    """Of all positions and entries of the connection."""
    max_total_exposure: Decimal | None = None
    """Of all connections on this store."""
    max_daily_loss: Decimal | None = None
    """Since 00:00 UTC, open PnL included."""
    max_daily_loss_pct: Decimal | None = None
    """The same in percent of the equity with which the day began."""
    max_drawdown_pct: Decimal | None = None
    """Of the highest equity since the last reset, open PnL included."""
    cool_down_s: int | None = None
    """How long a symbol gets no entry after a stop on it."""
    leverage: int | None = None
    """Set on a swap before its first live entry; None leaves it as it is at the exchange."""
    margin_mode: str | None = None

    @classmethod
    def none(cls) -> "RiskLimits":
        """Return no limits at all."""
        return cls(collar_pct=None, max_orders_per_minute=None)

    @property
    def has_loss_limits(self) -> bool:
        """Whether equity has to be watched."""
        limits = (self.max_daily_loss, self.max_daily_loss_pct, self.max_drawdown_pct)
        return any(limit is not None for limit in limits)


def _amount(text: str) -> Decimal:
    value = Decimal(text)
    if not value.is_finite() or value <= 0:
        raise ValueError(text)
    return value


def _percent(text: str) -> Decimal:
    value = _amount(text)
    if value > 100:
        raise ValueError(text)
    return value


def _count(text: str) -> int:
    value = int(text)
    if value < 1:
        raise ValueError(text)
    return value


def _margin_mode(text: str) -> str:
    if text not in MARGIN_MODES:
        raise ValueError(text)
    return text


@dataclass(frozen=True, slots=True)
class LimitKind:
    """How one limit is written."""

    read: Callable[[str], Any]
    expected: str
    unit: str = ""
    is_common_only: bool = False
    """Whether it holds for all connections together."""


_MONEY: Final = LimitKind(_amount, "an amount above 0", "quote")
_PERCENT: Final = LimitKind(_percent, "a percentage above 0, at most 100", "%")
_COUNT: Final = LimitKind(_count, "a whole number from 1 on")

LIMITS: Final[Mapping[str, LimitKind]] = {
    "collar_pct": _PERCENT,
    "max_orders_per_minute": _COUNT,
    "max_order_notional": _MONEY,
    "max_position_notional": _MONEY,
    "max_open_positions": _COUNT,
    "max_exposure": _MONEY,
    "max_total_exposure": LimitKind(_amount, "an amount above 0", "quote", is_common_only=True),
    "max_daily_loss": _MONEY,
    "max_daily_loss_pct": _PERCENT,
    "max_drawdown_pct": _PERCENT,
    "cool_down_s": LimitKind(_count, "seconds, a whole number from 1 on", "s"),
    "leverage": LimitKind(_count, "a whole number from 1 on", "x"),
    "margin_mode": LimitKind(_margin_mode, " or ".join(MARGIN_MODES)),
}
"""Every limit by its name, in the order in which they are shown."""


def read_limit(key: str, text: str | None) -> Any:
    """Return a limit as it is written, None for `off`. Raises ValueError where it is none."""
    if text is None or text == OFF:
        return None
    try:
        return LIMITS[key].read(text)
    except (InvalidOperation, ValueError) as error:
        raise ValueError(f"{key} is {text!r}: expected {LIMITS[key].expected}, or {OFF}") from error


Written = Mapping[str, str | None]
"""Limits as they are stored: text, None for off; what is not there is the default."""


@dataclass(frozen=True, slots=True)
class LimitBook:
    """The limits of all connections, and what single connections have instead."""

    common: Written = field(default_factory=dict)
    own: Mapping[int, Written] = field(default_factory=dict)
    """By connection id."""

    def of(self, connection_id: int) -> RiskLimits:
        """Return what holds for one connection."""
        written = {**self.common, **self.own.get(connection_id, {})}
        return RiskLimits(**dict(_readable(written)))

    @property
    def for_all(self) -> RiskLimits:
        """What holds where a connection has nothing of its own."""
        return self.of(-1)


def _readable(written: Written) -> list[tuple[str, Any]]:
    """Return the limits that can be read; one of another version is left at its default."""
    known = {one.name for one in fields(RiskLimits)}
    found = []
    for key, text in written.items():
        if key in known:
            try:
                found.append((key, read_limit(key, text)))
            except ValueError:
                continue
    return found


@dataclass(frozen=True, slots=True)
class RiskState:
    """Where the paper or the real money of a connection stands against its loss limits (S11)."""

    is_live: bool
    day: str = ""
    """UTC date to which `day_equity` belongs."""
    capital: Decimal | None = None
    """Equity less all PnL of the desk: what was paid in, as far as it is known."""
    day_equity: Decimal | None = None
    """Equity, open PnL included, with which the day began."""
    peak_equity: Decimal | None = None
    """The highest since the last reset."""
    halted_ms: int | None = None
    """Since when a loss limit stops entries."""
    halt_reason: str = ""
    is_halt_daily: bool = False
    """Whether the halt ends with the day; else it takes a reset."""
    cool_downs: Mapping[str, int] = field(default_factory=dict)
    """Symbol → time in ms until which it gets no entries."""
    is_reset_asked: bool = False
    """Whether the trader asked to begin anew; the engine has yet to."""

    @property
    def is_halted(self) -> bool:
        """Whether a loss limit stops entries."""
        return self.halted_ms is not None and not self.is_reset_asked


@dataclass(frozen=True, slots=True)
class RiskView:
    """The limits of one connection, or of all, for a face."""

    connection: str | None
    """None for what holds where a connection has nothing of its own."""
    limits: RiskLimits
    own: tuple[str, ...] = ()
    """The limits that the connection has instead of the common ones."""
    states: tuple[RiskState, ...] = ()
    """Of its paper and its real money; empty before an engine has run."""
