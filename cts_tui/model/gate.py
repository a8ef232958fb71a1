"""Gates of live trading: what must hold before real money may move, one by one (S2)."""

from dataclasses import dataclass
from typing import Final

CLOCK_BOUND_MS: Final = 1_000
"""How far an exchange's clock may be from ours: beyond it signed orders may be refused."""


@dataclass(frozen=True, slots=True)
class Gate:
    """One condition: whether it holds, what was found, and what to do where it does not."""

    name: str
    is_open: bool
    message: str
    todo: str = ""
    is_warning: bool = False
    """Open, with something to know."""

    @classmethod
    def opened(cls, name: str, message: str, *, is_warning: bool = False) -> "Gate":
        """Return a gate that is open."""
        return cls(name, is_open=True, message=message, is_warning=is_warning)

    @classmethod
    def closed(cls, name: str, message: str, todo: str) -> "Gate":
        """Return a gate that is closed, and what opens it."""
        return cls(name, is_open=False, message=message, todo=todo)


@dataclass(frozen=True, slots=True)
class Flattening:
    """What came of the wish to close everything of a connection."""

    connection: str
    positions: int
    """How many were open."""
    orders: int
    """How many entries were on their way."""
    is_enabled: bool
