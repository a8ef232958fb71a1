"""A connection as the trader set it up, and the templates that come with the desk."""

from dataclasses import dataclass, field
from typing import Any, Final

from cts_tui.model.trading import MarketType, Mode

SIMULATED_EXCHANGE: Final = "simulated"
"""The exchange id of the demo market."""

RECORDED_EXCHANGE: Final = "recorded"
"""The exchange id of connections that hold replays of recorded candles."""


@dataclass(frozen=True, slots=True)
class ConnectionDraft:
    """What a trader gives to set up a connection; everything else starts off (S1)."""

    name: str
    exchange: str
    mode: Mode = Mode.PAPER
    market: MarketType = MarketType.SPOT
    symbols: tuple[str, ...] = ()
    timeframe: str = "5m"
    ccxt_config: dict[str, Any] | None = None
    symbols_filter: str | None = None
    """Chooses the symbols, `quote=USDT volume>10M top=20`; None where they are listed."""


@dataclass(frozen=True, slots=True)
class ConnectionSetup:
    """Desired state of one connection, as the engine reads it."""

    id: int
    name: str
    exchange: str
    mode: Mode
    market: MarketType
    symbols: tuple[str, ...]
    timeframe: str
    enabled: bool
    live: bool
    ccxt_config: dict[str, Any] | None = field(default=None, hash=False)
    symbols_filter: str | None = None
    """Chooses the symbols anew on a timer; None where the trader has listed them."""
    credentials_ms: int | None = None
    """When its credentials were last changed, None without any: an engine with others ends."""
