"""The report of a connection test: step by step, what was found and what to do about it."""

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from typing import Any, Final


class StepStatus(StrEnum):
    """How a step, or a whole test, ended."""

    PASS = "pass"  # noqa: S105 - a verdict
    WARN = "warn"
    """It works, with something to know."""
    FAIL = "fail"
    SKIP = "skip"
    """Not tried, because it is not needed or an earlier step failed."""


_GRAVITY: Final = (StepStatus.SKIP, StepStatus.PASS, StepStatus.WARN, StepStatus.FAIL)


@dataclass(frozen=True, slots=True)
class StepResult:
    """One step: what was found, and what the trader should do (empty where nothing)."""

    name: str
    status: StepStatus
    message: str
    todo: str = ""
    duration_ms: float = 0.0


@dataclass(frozen=True, slots=True)
class Permissions:
    """What the key may do; None where the exchange cannot say."""

    can_withdraw: bool | None = None
    can_trade: bool | None = None


@dataclass(frozen=True, slots=True)
class ConnectionTest:
    """The whole test. `time_ms` is when it ended, by our clock."""

    time_ms: int
    status: StepStatus
    steps: tuple[StepResult, ...] = ()
    permissions: Permissions = Permissions()
    clock_offset_ms: int | None = None
    """The venue's clock minus ours."""
    capabilities: dict[str, Any] = field(default_factory=dict, hash=False)
    """JSON-ready: what the exchange and market can do."""

    def step(self, name: str) -> StepResult | None:
        """Return a step by its name, None where the test had none such."""
        return next((step for step in self.steps if step.name == name), None)

    @property
    def faults(self) -> tuple[StepResult, ...]:
        """The steps that failed or gave a warning, in order."""
        return tuple(s for s in self.steps if s.status in (StepStatus.FAIL, StepStatus.WARN))

    def to_json(self) -> dict[str, Any]:
        """Return what is stored: plain values only."""
        return {
            "time_ms": self.time_ms,
            "status": str(self.status),
            "steps": [asdict(step) | {"status": str(step.status)} for step in self.steps],
            "permissions": asdict(self.permissions),
            "clock_offset_ms": self.clock_offset_ms,
            "capabilities": self.capabilities,
        }

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> "ConnectionTest":
        """Read what `to_json` has made. Raises KeyError, TypeError or ValueError for others."""
        return cls(
            time_ms=int(stored["time_ms"]),
            status=StepStatus(stored["status"]),
            steps=tuple(
                StepResult(**{**step, "status": StepStatus(step["status"])})
                for step in stored["steps"]
            ),
            permissions=Permissions(**stored["permissions"]),
            clock_offset_ms=stored["clock_offset_ms"],
            capabilities=dict(stored["capabilities"]),
        )


def verdict(steps: Iterable[StepStatus]) -> StepStatus:
    """Return the gravest of what steps came to; skip when none was tried."""
    return max(steps, key=_GRAVITY.index, default=StepStatus.SKIP)
