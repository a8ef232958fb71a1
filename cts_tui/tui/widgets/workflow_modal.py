"""The workflow test while it runs: database, connections, exchanges, engines, a trade."""

from collections.abc import Callable, Sequence

from cts_tui.model.connection_test import StepResult, StepStatus
from cts_tui.model.workflow_test import WorkflowStep, WorkflowTest
from cts_tui.tui.widgets.steps_modal import StepsModal

RunWorkflow = Callable[[Callable[[WorkflowStep], None]], WorkflowTest]
"""Runs a whole test, calling back after each stage; blocks, and raises CtsError when it cannot."""


class WorkflowModal(StepsModal[WorkflowTest]):
    """Shows the workflow test stage by stage."""

    def __init__(self, run: RunWorkflow) -> None:
        super().__init__("Workflow test", note="Nothing was ordered, signed, mended or stored.")
        self._run_all = run

    def run_test(self, on_step: Callable[[StepResult], None]) -> WorkflowTest:
        """Run the test in a thread."""
        return self._run_all(lambda step: on_step(_shown(step)))

    def outcome(self, result: WorkflowTest) -> tuple[StepStatus, Sequence[StepResult]]:
        """Return how the test ended, and its stages."""
        return result.status, [_shown(step) for step in result.steps]


def _shown(step: WorkflowStep) -> StepResult:
    """Return a stage as a step, which every test shows alike."""
    return StepResult(step.name, step.status, step.message, step.advice, step.seconds * 1000)
