"""What a workflow test looks at, and what earlier stages leave for later ones to go by."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from cts_tui.clock import Clock
from cts_tui.model.connection import ConnectionSetup
from cts_tui.model.connection_test import ConnectionTest, StepStatus
from cts_tui.store.database import Database
from cts_tui.store.vault import Vault


@dataclass(frozen=True, slots=True)
class Finding:
    """How a stage ended."""

    status: StepStatus
    message: str
    advice: str = ""
    figures: Mapping[str, Any] = field(default_factory=dict, hash=False)


@dataclass(frozen=True, slots=True)
class SoundConnection:
    """A connection whose row holds together."""

    setup: ConnectionSetup
    last_test: ConnectionTest | None = None


@dataclass(slots=True)
class Subject:
    """One run of the test. A stage that fails says here what the later ones cannot judge."""

    database: Database | None
    """None where not even its place can be used; `unusable` says why."""
    vault: Vault | None
    clock: Clock
    only: str | None = None
    """The one connection that is asked about; None: all of them."""
    unusable: str = ""
    """Why the stages that need the store are not tried; empty while they can be."""
    connections: list[SoundConnection] = field(default_factory=list)
    """Of those asked about the sound ones, replays left out."""
    broken: set[str] = field(default_factory=set)
    """Connections that a stage has found at fault: later stages do not judge them."""

    @property
    def store(self) -> Database:
        """The store, for stages that run only where it can be used."""
        assert self.database is not None  # noqa: S101 - the course skips such stages
        return self.database

    @property
    def enabled(self) -> list[SoundConnection]:
        """The connections that an engine should run, and that are not at fault so far."""
        return [
            one for one in self.connections
            if one.setup.enabled and one.setup.name not in self.broken
        ]  # fmt: skip


def summed_up(failures: list[str], warnings: list[str], passed: str, **rest: Any) -> Finding:
    """Return the finding of a stage that looked at several things: the gravest comes first."""
    grave = failures or warnings
    if not grave:
        return Finding(StepStatus.PASS, passed, **rest)
    more = f" (and {len(grave) - 1} more)" if len(grave) > 1 else ""
    what, _, advice = grave[0].partition("; ")
    status = StepStatus.FAIL if failures else StepStatus.WARN
    figures = {**rest.pop("figures", {}), "faults": failures, "warnings": warnings}
    return Finding(status, what + more, advice, figures)
