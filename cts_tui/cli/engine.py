"""`cts-tui run|stop|status|demo`."""

from typing import Annotated

import typer

from cts_tui.cli.options import JsonOption, current_folder, open_desk, print_json
from cts_tui.cli.reports import print_status, status_row
from cts_tui.cli.tables import say


def run(
    for_s: Annotated[
        float | None,
        typer.Option("--for", min=0.1, metavar="SECONDS", help="Stop after this many seconds."),
    ] = None,
) -> None:
    """Run the engine without a screen; Ctrl-C, SIGTERM or `cts-tui stop` end it in order."""
    from cts_tui.cli.run import run_engine

    raise SystemExit(run_engine(current_folder(), for_s))


def demo() -> None:
    """Open the demo, a simulated market, on a data folder that is thrown away at the end."""
    from cts_tui.cli import run as running

    raise SystemExit(running.demo())


def stop(as_json: JsonOption = False) -> None:
    """Stop the engine of this data folder in order, and wait for it."""
    with open_desk() as desk:
        stopped = desk.programs.stop()
    if as_json:
        print_json({"stopped": stopped})
    else:
        say("the engine has stopped")


def status(as_json: JsonOption = False) -> None:
    """Show what runs, what is open and what it made."""
    with open_desk() as desk:
        summary, is_killed = desk.summary(), desk.controls.is_killed()
    if as_json:
        print_json(status_row(summary, is_killed=is_killed))
    else:
        print_status(summary, is_killed=is_killed)
