"""`cts-tui test-workflow`: each stage as it ends, then the verdict."""

import contextlib
from typing import Annotated, Any, Final

import typer

from cts_tui.cli.options import JsonOption, current_folder, iso_or_none, print_json
from cts_tui.cli.tables import say, warn
from cts_tui.errors import ConfigError, StoreError
from cts_tui.model.connection_test import StepStatus
from cts_tui.model.workflow_test import WorkflowStep, WorkflowTest

_NAME_WIDTH: Final = 16
_INDENT: Final = " " * 6


def test_workflow(
    connection: Annotated[
        str | None,
        typer.Option(
            "--connection",
            metavar="NAME",
            help="Only what concerns this connection; its exchange is asked, without a key.",
        ),
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Test everything from the database to a trade. Nothing is ordered, signed or mended.

    Exit code: 0 all is well, or has a warning or was not tried; 1 something failed.
    """
    result = _run(connection, is_told=not as_json)
    if as_json:
        print_json(_row(result))
    else:
        say(f"{result.status.upper():5} {'workflow':{_NAME_WIDTH}}{result.seconds:.1f} s")
    failed = next((step for step in result.steps if step.status is StepStatus.FAIL), None)
    if failed is not None:
        advice = f"; {failed.advice}" if failed.advice else ""
        warn(f"cts-tui: {failed.name} failed: {failed.message}{advice}")
        raise typer.Exit(1)


def _run(connection: str | None, *, is_told: bool) -> WorkflowTest:
    """Run the test; a store that cannot be used is its first finding."""
    from cts_tui.desk.desk import Desk
    from cts_tui.desk.workflow.desk import run_without_store
    from cts_tui.model.trading import Actor

    on_step = _say_step if is_told else _unsaid
    try:
        desk = Desk.look(current_folder(), Actor.CLI)
    except (ConfigError, StoreError) as error:
        return run_without_store(str(error), on_step)
    with contextlib.closing(desk):
        return desk.workflow.run(connection, on_step)


def _unsaid(step: WorkflowStep) -> None:
    """A document is printed at the end."""


def _say_step(step: WorkflowStep) -> None:
    took = f" ({step.seconds:.1f} s)" if step.status is not StepStatus.SKIP else ""
    say(f"{step.status.upper():5} {step.name:{_NAME_WIDTH}}{step.message}{took}")
    if step.advice:
        say(f"{_INDENT}{'':{_NAME_WIDTH}}do: {step.advice}")


def _row(result: WorkflowTest) -> dict[str, Any]:
    return {
        "status": result.status,
        "started_at": iso_or_none(result.started_ms),
        "seconds": result.seconds,
        "steps": [
            {
                "name": step.name,
                "status": step.status,
                "seconds": step.seconds,
                "message": step.message,
                "advice": step.advice,
                "figures": step.figures,
            }
            for step in result.steps
        ],
    }
