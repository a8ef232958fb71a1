"""`cts-tui run|stop|status|demo|health`."""

from typing import Annotated, Any

import typer

from cts_tui.cli.options import (
    JsonOption,
    current_folder,
    iso_or_none,
    open_desk,
    print_json,
    say,
)
from cts_tui.model.trading import HealthStatus
from cts_tui.model.views import DeskSummary

_EXIT_CODES = {HealthStatus.HEALTHY: 0, HealthStatus.DEGRADED: 1, HealthStatus.UNHEALTHY: 2}


def run(
    for_s: Annotated[
        float | None, typer.Option("--for", min=0.1, help="Stop after this many seconds.")
    ] = None,
) -> None:
    """Run the engine without a screen."""
    from cts_tui.cli.run import run_engine

    raise SystemExit(run_engine(current_folder(), for_s))


def demo() -> None:
    """Open the demo on a data folder that is thrown away."""
    from cts_tui.cli import run as running

    raise SystemExit(running.demo())


def stop() -> None:
    """Stop the engine of this data folder in order."""
    with open_desk() as desk:
        desk.programs.stop()
    say("the engine has stopped")


def status(as_json: JsonOption = False) -> None:
    """Show what runs, what is open and what it made."""
    with open_desk() as desk:
        row = _status_row(desk.summary(), is_killed=desk.controls.is_killed())
    if as_json:
        print_json(row)
        return
    for key, value in row.items():
        if isinstance(value, dict):
            say(f"{key:14}" + "  ".join(f"{name} {number}" for name, number in value.items()))
        elif not isinstance(value, list):
            say(f"{key:14}{value}")


def _status_row(summary: DeskSummary, *, is_killed: bool) -> dict[str, Any]:
    return {
        "time": iso_or_none(summary.now_ms),
        "engine": "running" if summary.is_engine_running else "stopped",
        "killed": is_killed,
        "synthetic": summary.is_synthetic,
        "connections": {
            "total": summary.connections,
            "enabled": summary.connections_enabled,
            "live": summary.connections_live,
        },
        "positions": {"open": summary.open_positions, "stale": summary.stale_positions},
        "pnl": {
            "open": str(summary.open_pnl),
            "realized_today": str(summary.realized_pnl_today),
            "realized_total": str(summary.realized_pnl_total),
        },
        "today": {
            "trades": summary.trades_today,
            "wins": summary.wins_today,
            "signals": summary.signals_today,
        },
        "programs": [
            {
                "pid": program.pid,
                "host": program.host,
                "alive": program.is_alive,
                "started_at": iso_or_none(program.started_at_ms),
                "rss_mb": program.rss_mb,
                "cpu_pct": program.cpu_pct,
            }
            for program in summary.programs
        ],
    }


def health(as_json: JsonOption = False) -> None:
    """Report health; exit 0 healthy, 1 degraded, 2 unhealthy."""
    with open_desk() as desk:
        report = desk.health.report()
    if as_json:
        print_json({"status": report.status, "reasons": list(report.reasons)} | report.sections)
    else:
        say(report.status)
        for reason in report.reasons:
            say(f"- {reason}")
        for name in ("connections", "positions", "signals", "process"):
            section = report.sections[name]
            if section:
                say(f"{name:14}" + "  ".join(f"{key} {value}" for key, value in section.items()))
    raise SystemExit(_EXIT_CODES[report.status])
