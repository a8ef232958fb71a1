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
