"""`cts-tui risk …`: the limits that every entry is checked against."""

from collections.abc import Iterable
from typing import Annotated

import typer

from cts_tui.cli.options import JsonOption, open_desk, print_json
from cts_tui.cli.rows import Row
from cts_tui.cli.stop_rows import limit_rows, risk_row
from cts_tui.cli.tables import headings, print_table, say
from cts_tui.model.limits import RiskView

app = typer.Typer(
    no_args_is_help=True, help="Risk limits: show, set, begin anew after a loss limit."
)

ConnectionOption = Annotated[
    str | None,
    typer.Option("--connection", metavar="NAME", help="Of one connection instead of all."),
]


@app.command("show")
def show(connection: ConnectionOption = None, as_json: JsonOption = False) -> None:
    """Show the limits, and where connections stand against their loss limits."""
    with open_desk() as desk:
        views = desk.risk.all() if connection is None else (desk.risk.of(connection),)
    if as_json:
        rows = [risk_row(view) for view in views]
        print_json(rows if connection is None else rows[0])
        return
    first = views[0]
    print_table(limit_rows(first), headings("limit", "value", "unit", "from"), "no limits")
    _tell_own(views[1:])
    _tell_states(views)


@app.command("set")
def set_limit(
    key: Annotated[str, typer.Argument(metavar="KEY", help="Its name, see: risk show.")],
    value: Annotated[str, typer.Argument(metavar="VALUE", help="A number, off or default.")],
    connection: ConnectionOption = None,
    as_json: JsonOption = False,
) -> None:
    """Set a limit; a running engine goes by it at once."""
    with open_desk() as desk:
        view = desk.risk.set(key, value, connection)
    if as_json:
        print_json(risk_row(view))
        return
    now = next(row for row in limit_rows(view) if row["limit"] == key)
    unit = f" {now['unit']}" if now["unit"] and now["value"] != "off" else ""
    say(f"{key} is {now['value']}{unit} for {connection or 'all connections'}")


@app.command("reset")
def reset(
    name: Annotated[str, typer.Argument(metavar="NAME", help="Name of the connection.")],
    as_json: JsonOption = False,
) -> None:
    """End a halt by a loss limit: losses count from now on, no symbol cools down."""
    with open_desk() as desk:
        view = desk.risk.reset(name)
        is_running = desk.programs.is_any_alive()
    if as_json:
        print_json(risk_row(view))
        return
    hint = "" if is_running else "; it counts once an engine runs: cts-tui run"
    say(f"the loss limits of {name} begin anew{hint}")


def _tell_own(views: Iterable[RiskView]) -> None:
    """Tell what connections have instead of the common limits."""
    rows: list[Row] = [
        {"connection": view.connection, **row}
        for view in views
        for row in limit_rows(view)
        if row["limit"] in view.own
    ]
    if rows:
        say()
        print_table(rows, headings("connection", "limit", "value", "unit"), "")


def _tell_states(views: Iterable[RiskView]) -> None:
    """Tell which connections are halted."""
    for view in views:
        for state in view.states:
            if state.is_halted:
                money = "real money" if state.is_live else "paper"
                say(f"\n{view.connection} ({money}) opens nothing: {state.halt_reason}")
