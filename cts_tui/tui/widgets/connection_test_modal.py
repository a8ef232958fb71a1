"""The test of a connection while it runs."""

from collections.abc import Callable, Sequence

from cts_tui.model.connection_test import ConnectionTest, StepResult, StepStatus
from cts_tui.tui.widgets.steps_modal import StepsModal

OnStep = Callable[[StepResult], None]
RunTest = Callable[[OnStep], ConnectionTest]
"""Runs a whole test, calling back after each step; blocks, and raises CtsError when it cannot."""


class ConnectionTestModal(StepsModal[ConnectionTest]):
    """Shows the test of a connection step by step."""

    def __init__(self, name: str, run: RunTest, *, note: str = "") -> None:
        """Test the connection called `name`; `note` says what becomes of the result."""
        super().__init__(f"Test of {name}", note=note)
        self._run_all = run

    def run_test(self, on_step: OnStep) -> ConnectionTest:
        """Run the test in a thread."""
        return self._run_all(on_step)

    def outcome(self, result: ConnectionTest) -> tuple[StepStatus, Sequence[StepResult]]:
        """Return how the test ended, and its steps."""
        return result.status, result.steps
