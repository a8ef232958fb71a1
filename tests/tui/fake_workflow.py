"""The workflow test with the shape of the desk's, over frozen stages."""

from collections.abc import Callable
from typing import Any

from cts_tui.model.connection_test import StepStatus
from cts_tui.model.workflow_test import WorkflowStep, WorkflowTest

from .frozen_time import NOW_MS

STAGES = (
    WorkflowStep("database", StepStatus.PASS, "schema 0004, whole and writable, 41.2 MB", "", 0.21),
    WorkflowStep("connections", StepStatus.WARN, "no key is stored for kraken-test, which is "
                 "testnet", "connections edit kraken-test --credentials-stdin", 0.06),
    WorkflowStep("api", StepStatus.PASS, "bybit-paper, kraken-main: in order", "", 0.01),
    WorkflowStep("data flow", StepStatus.PASS, "bybit-paper, kraken-main: fresh candles, "
                 "indications and prices", "", 0.03),
    WorkflowStep("coordination", StepStatus.FAIL, "the engine program 4711 was stopped by a signal",
                 "let it go on: kill -CONT 4711", 1.2),
    WorkflowStep("end to end", StepStatus.PASS, "14 candles → 4 signals → 6 fills → 3 trades, PnL "
                 "right to the last digit", "", 0.31),
)  # fmt: skip
RESULT = WorkflowTest(NOW_MS, 1.82, StepStatus.FAIL, STAGES)


class FakeWorkflow:
    """Tells the frozen stages one by one; `before_step` may hold one back."""

    def __init__(self, calls: list[Any]) -> None:
        self._calls = calls
        self.before_step: Callable[[WorkflowStep], None] = lambda step: None
        self.fail_with: Exception | None = None

    def run(
        self, connection: str | None = None, on_step: Callable[[WorkflowStep], None] = print
    ) -> WorkflowTest:
        self._calls.append(("test-workflow", connection))
        if self.fail_with:
            raise self.fail_with
        for step in STAGES:
            self.before_step(step)
            on_step(step)
        return RESULT
