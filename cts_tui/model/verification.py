"""What a look through the whole store has found: the words of the verifier, as stored and shown."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from typing import Any, Final

from cts_tui.model.health import Gravity


class Consent(StrEnum):
    """Whose word a repair needs."""

    NONE = "none"
    """It is safe: it is made at start, and wherever it is found, by itself."""
    REPAIR = "repair"
    """The trader's: `cts-tui repair`."""
    TRADING = "trading"
    """The trader's for orders, fills and positions: `cts-tui repair --trading`."""
    IMPOSSIBLE = "impossible"
    """No program can know what is right: the trader must look."""


_TODO: Final = "see: cts-tui repair --dry-run"


@dataclass(frozen=True, slots=True)
class Finding:
    """Rows of one table that are wrong in one way."""

    kind: str
    """Name of the check, like `closed-without-exit`: stable, for scripts."""
    gravity: Gravity
    table: str
    count: int
    example: str
    """The first of them in words, empty where the message says it all."""
    message: str
    """One line: how many, and what is wrong."""
    consent: Consent
    action: str = ""
    """What a repair does about it; what the trader can do where it does nothing."""

    @property
    def safe(self) -> bool:
        """Whether it is mended without being asked for."""
        return self.consent is Consent.NONE

    @property
    def line(self) -> str:
        """The whole of it in one line: what is wrong, the first of them, what to do."""
        todo = self.action if self.consent is Consent.IMPOSSIBLE else _TODO
        example = f" ({self.example})" if self.example and self.example not in self.message else ""
        return f"{self.message}{example}; {todo}"

    def to_json(self) -> dict[str, Any]:
        """Return it as stored and as scripts read it."""
        return asdict(self) | {"safe": self.safe}

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> "Finding":
        """Read it back. Raises LookupError or ValueError for what is none."""
        names = ("kind", "table", "count", "example", "message", "action")
        return cls(
            **{name: stored[name] for name in names},
            gravity=Gravity(stored["gravity"]),
            consent=Consent(stored["consent"]),
        )


@dataclass(frozen=True, slots=True)
class Verification:
    """One look through the store."""

    started_ms: int
    finished_ms: int
    slices: int
    findings: tuple[Finding, ...]
    """Gravest first."""
    rows: Mapping[str, int] = field(default_factory=dict)
    """Rows that were looked at, by table."""
    is_whole: bool = True
    """Whether every row was looked at: a quick look ends when its time is up."""

    @property
    def critical(self) -> tuple[Finding, ...]:
        """What makes the desk unhealthy."""
        return tuple(one for one in self.findings if one.gravity is Gravity.CRITICAL)

    @property
    def warnings(self) -> tuple[Finding, ...]:
        """What is wrong, and moves no money."""
        return tuple(one for one in self.findings if one.gravity is Gravity.WARNING)
