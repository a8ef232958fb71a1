"""`cts-tui strategies …`."""

from typing import Annotated

import typer

from cts_tui.cli.options import JsonOption, open_desk, print_json, print_table, say
from cts_tui.cli.rows import strategy_row

app = typer.Typer(no_args_is_help=True, help="Strategies: list, show, enable, disable.")

NameArgument = Annotated[str, typer.Argument(help="Name of the strategy.")]


@app.command("list")
def list_strategies(as_json: JsonOption = False) -> None:
    """List the strategies."""
    with open_desk() as desk:
        rows = [strategy_row(view) for view in desk.strategies.list()]
    if as_json:
        print_json(rows)
        return
    columns = {"name": "NAME", "enabled": "ENABLED", "timeframe": "TF", "description": "WHAT"}
    print_table(rows, columns, "no strategies")


@app.command("show")
def show(name: NameArgument, as_json: JsonOption = False) -> None:
    """Show one strategy, and where the profit-factor gate lets it trade."""
    with open_desk() as desk:
        row = strategy_row(desk.strategies.get(name))
        row["gates"] = desk.health.gates(name)
    if as_json:
        print_json(row)
        return
    gates = row.pop("gates")
    for key, value in row.items():
        if value not in ("", None):
            say(f"{key:18}{value}")
    say()
    columns = {
        "connection": "CONNECTION",
        "symbol": "SYMBOL",
        "timeframe": "TF",
        "state": "GATE",
        "reason": "WHY",
        "held_back": "HELD BACK",
    }
    print_table(gates, columns, "no engine has run this strategy yet")


@app.command("enable")
def enable(name: NameArgument) -> None:
    """Have the engines run a strategy."""
    with open_desk() as desk:
        desk.strategies.enable(name)
    say(f"strategy {name} is enabled")


@app.command("disable")
def disable(name: NameArgument) -> None:
    """Have the engines give no more signals for a strategy; its positions keep their levels."""
    with open_desk() as desk:
        desk.strategies.disable(name)
    say(f"strategy {name} is disabled")
