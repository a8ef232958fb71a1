"""What can be wrong with the desk: one word for the health report, its history and the alerts."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from cts_tui.model.trading import HealthStatus


class Gravity(StrEnum):
    """How bad a fault is: a critical one makes the desk unhealthy, a warning degraded."""

    CRITICAL = "critical"
    WARNING = "warning"


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that is wrong now."""

    rule: str
    """Name of the rule that found it, like `feed-stale`: stable, for scripts and alerts."""
    subject: str
    """What it is about, like `binance-1/BTC/USDT`; with the rule it names the fault."""
    gravity: Gravity
    message: str
    """One line: what is wrong, and what to do."""


@dataclass(frozen=True, slots=True)
class HealthSample:
    """How the desk was at one time."""

    time_ms: int
    status: HealthStatus
    figures: Mapping[str, Any]
    """By name, JSON-ready; one that was not known is missing or None."""
