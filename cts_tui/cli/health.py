"""`cts-tui health`: the verdict with its reasons and figures, and how it went."""

import contextlib
from typing import Annotated, Final

import typer

from cts_tui.cli.health_words import history_row, print_health, print_history
from cts_tui.cli.options import JsonOption, current_folder, print_json
from cts_tui.cli.tables import warn
from cts_tui.errors import StoreError
from cts_tui.model.health import HealthSample
from cts_tui.model.trading import HealthStatus
from cts_tui.model.views import HealthReport

_EXIT_CODES: Final = {
    HealthStatus.HEALTHY: 0,
    HealthStatus.DEGRADED: 1,
    HealthStatus.UNHEALTHY: 2,
}


def health(
    is_history: Annotated[
        bool, typer.Option("--history", help="How it went: a sample a minute.")
    ] = False,
    hours: Annotated[
        float | None,
        typer.Option("--hours", min=0.0, metavar="H", help="With --history: of so many hours, 24."),
    ] = None,
    limit: Annotated[
        int | None,
        typer.Option("--limit", min=1, metavar="N", help="With --history: at most N samples."),
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Report health. Exit code: 0 healthy, 1 degraded, 2 unhealthy; with --history always 0."""
    if is_history:
        _tell_history(24.0 if hours is None else hours, limit, as_json=as_json)
        return
    if hours is not None or limit is not None:
        option = "--hours" if hours is not None else "--limit"
        raise typer.BadParameter("it goes with --history only", param_hint=option)
    report = _report()
    if not report.sections["database"]["reachable"]:
        warn(f"cts-tui: {report.reasons[0]}")
    if as_json:
        print_json({"status": report.status, "reasons": list(report.reasons)} | report.sections)
    else:
        print_health(report)
    raise SystemExit(_EXIT_CODES[report.status])


def _report() -> HealthReport:
    """Return the report; of a store that does not open, that it does not. Nothing is mended."""
    from cts_tui.desk.desk import Desk
    from cts_tui.model.trading import Actor

    try:
        with contextlib.closing(Desk.look(current_folder(), Actor.CLI)) as desk:
            return desk.health.report()
    except StoreError as error:
        from cts_tui.desk.health import unreadable

        return unreadable(str(error))


def _tell_history(hours: float, limit: int | None, *, as_json: bool) -> None:
    samples = _history(hours, limit)
    if as_json:
        print_json([history_row(sample) for sample in reversed(samples)])
    else:
        print_history(samples, hours)


def _history(hours: float, limit: int | None) -> list[HealthSample]:
    from cts_tui.desk.desk import Desk
    from cts_tui.model.trading import Actor

    with contextlib.closing(Desk.look(current_folder(), Actor.CLI)) as desk:
        return desk.health.history(hours, limit)
