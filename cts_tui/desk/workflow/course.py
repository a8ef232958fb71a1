"""The course of a workflow test: stages one after the other, each timed, isolated and reported."""

import logging
import time
from collections.abc import Callable
from typing import Final, NamedTuple

from cts_tui.desk.workflow import (
    api_stage,
    connection_stage,
    coordination_stage,
    data_flow_stage,
    database_stage,
    trial_stage,
)
from cts_tui.desk.workflow.subject import Finding, Subject
from cts_tui.errors import CtsError
from cts_tui.model.connection_test import StepStatus, verdict
from cts_tui.model.workflow_test import WorkflowStep, WorkflowTest
from cts_tui.redaction import redacted

OnStep = Callable[[WorkflowStep], None]
"""Hears each stage as it ends, in the thread that called."""

LOG = logging.getLogger(__name__)


class _Stage(NamedTuple):
    name: str
    judge: Callable[[Subject], Finding]
    needs_store: bool = True


_STAGES: Final = (
    _Stage("database", database_stage.judge, needs_store=False),
    _Stage("connections", connection_stage.judge),
    _Stage("api", api_stage.judge),
    _Stage("data flow", data_flow_stage.judge),
    _Stage("coordination", coordination_stage.judge),
    _Stage("end to end", trial_stage.judge, needs_store=False),
)
STAGES: Final = tuple(stage.name for stage in _STAGES)
"""Every stage, in the order in which they run: what the others need comes first."""


def run_course(subject: Subject, on_step: OnStep) -> WorkflowTest:
    """Run every stage; what needs the store is skipped where that cannot be used."""
    started_ms, began = subject.clock.now_ms(), time.perf_counter()
    steps = []
    for stage in _STAGES:
        step = _timed(stage, subject)
        steps.append(step)
        on_step(step)
    return WorkflowTest(
        started_ms=started_ms,
        seconds=round(time.perf_counter() - began, 3),
        status=verdict(step.status for step in steps),
        steps=tuple(steps),
    )


def _timed(stage: _Stage, subject: Subject) -> WorkflowStep:
    began = time.perf_counter()
    finding = _judged(stage, subject)
    return WorkflowStep(
        name=stage.name,
        status=finding.status,
        message=redacted(finding.message),
        advice=redacted(finding.advice),
        seconds=round(time.perf_counter() - began, 3),
        figures=finding.figures,
    )


def _judged(stage: _Stage, subject: Subject) -> Finding:
    """Run one stage; whatever it raises is a fault of this stage, and no other's."""
    if stage.needs_store and subject.unusable:
        return Finding(StepStatus.SKIP, f"not tried: {subject.unusable}")
    try:
        return stage.judge(subject)
    except CtsError as error:
        what, _, advice = str(error).partition("; ")
        return Finding(StepStatus.FAIL, what, advice)
    except Exception as error:  # the edge of a stage: the test goes on
        LOG.exception("stage %s of a workflow test", stage.name)
        return Finding(
            StepStatus.FAIL,
            f"unexpected {type(error).__name__}: {error}",
            "please report it with the lines of: cts-tui log tail",
        )
