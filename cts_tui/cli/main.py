"""The command line: which commands there are."""

from typing import Annotated

import typer

from cts_tui import __version__
from cts_tui.cli import (
    alerts,
    backtest,
    backups,
    connection_test,
    connections,
    doctor,
    engine,
    externals,
    health,
    journal,
    lists,
    log,
    optimize,
    repair,
    replay,
    risk,
    secrets,
    stopping,
    strategies,
    verify,
    workflow,
)
from cts_tui.cli.tables import say

app = typer.Typer(
    name="cts-tui",
    help="A trading desk for the terminal. Without a command it opens the desk; without a terminal "
    "it runs the engine.",
    pretty_exceptions_enable=False,
    add_completion=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.command("run")(engine.run)
app.command("stop")(engine.stop)
app.command("status")(engine.status)
app.command("demo")(engine.demo)
app.command("health")(health.health)
app.command("verify")(verify.verify)
app.command("doctor")(doctor.doctor)
app.command("test-workflow")(workflow.test_workflow)
app.command("backup")(backups.backup)
app.command("restore")(backups.restore)
app.command("repair")(repair.repair)
app.command("replay")(replay.replay)
app.command("backtest")(backtest.backtest)
app.command("optimize")(optimize.optimize)
connections.app.command("test")(connection_test.test)
app.command("flatten")(stopping.flatten)
app.add_typer(backups.app, name="backups")
app.add_typer(connections.app, name="connections")
app.add_typer(risk.app, name="risk")
app.add_typer(stopping.kill, name="kill")
app.add_typer(secrets.app, name="secrets")
app.add_typer(strategies.app, name="strategies")
app.add_typer(journal.app, name="journal")
app.add_typer(lists.signals, name="signals")
app.add_typer(lists.positions, name="positions")
app.add_typer(externals.app, name="externals")
app.add_typer(lists.orders, name="orders")
app.add_typer(lists.events, name="events")
app.add_typer(alerts.app, name="alerts")
app.add_typer(log.app, name="log")


def _version(is_asked: bool) -> None:
    if is_asked:
        say(f"cts-tui {__version__}")
        raise typer.Exit


@app.callback(invoke_without_command=True)
def desk(
    context: typer.Context,
    data_dir: Annotated[
        str | None,
        typer.Option(
            "--data-dir",
            metavar="FOLDER",
            help="Data folder, instead of CTS_DATA_DIR; also after the command.",
        ),
    ] = None,
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version.")
    ] = False,
) -> None:
    """Open the desk when no command is given."""
    if context.invoked_subcommand is None:
        from cts_tui.cli.run import open_or_run

        raise SystemExit(open_or_run())
