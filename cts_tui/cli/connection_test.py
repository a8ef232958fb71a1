"""`cts-tui connections test`: each step as it ends, then the verdict."""

from typing import Final

import typer

from cts_tui.cli.connection_options import NameArgument
from cts_tui.cli.options import JsonOption, open_desk, print_json
from cts_tui.cli.rows import connection_test_row
from cts_tui.cli.tables import say, warn
from cts_tui.model.connection_test import ConnectionTest, StepResult, StepStatus

_NAME_WIDTH: Final = 16
_INDENT: Final = " " * 6


def test(name: NameArgument, as_json: JsonOption = False) -> None:
    """Test a connection: the way there, markets, key, stream. Nothing is ordered or changed."""
    with open_desk() as desk:
        result = desk.tests.run(name, _unsaid if as_json else _say_step)
    if as_json:
        print_json(connection_test_row(name, result))
    else:
        say(f"{result.status.upper():5} {name}, the result is stored")
    if result.status is StepStatus.FAIL:
        warn(f"cts-tui: {name} did not pass its test: {_first_failure(result)}")
        raise typer.Exit(1)


def _unsaid(step: StepResult) -> None:
    """A document is printed at the end."""


def _say_step(step: StepResult) -> None:
    took = f" ({step.duration_ms:.0f} ms)" if step.status is not StepStatus.SKIP else ""
    say(f"{step.status.upper():5} {step.name:{_NAME_WIDTH}}{step.message}{took}")
    if step.todo:
        say(f"{_INDENT}{'':{_NAME_WIDTH}}do: {step.todo}")


def _first_failure(result: ConnectionTest) -> str:
    step = next(step for step in result.steps if step.status is StepStatus.FAIL)
    return f"{step.name}: {step.message}" + (f"; {step.todo}" if step.todo else "")
