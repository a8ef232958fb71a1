"""The report of a workflow test: stage by stage from the database to a trade, and what to do."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from cts_tui.model.connection_test import StepStatus


@dataclass(frozen=True, slots=True)
class WorkflowStep:
    """One stage: how it ended, what was found, and what the trader should do (empty: nothing)."""

    name: str
    status: StepStatus
    message: str
    advice: str = ""
    seconds: float = 0.0
    figures: Mapping[str, Any] = field(default_factory=dict, hash=False)
    """JSON-ready."""


@dataclass(frozen=True, slots=True)
class WorkflowTest:
    """The whole test; `status` is that of the gravest stage."""

    started_ms: int
    seconds: float
    status: StepStatus
    steps: tuple[WorkflowStep, ...]
