"""`cts-tui strategies …`."""

from typing import Annotated

import typer

from cts_tui.cli.options import AnyLimitOption, JsonOption, open_desk, print_json
from cts_tui.cli.rows import strategy_row
from cts_tui.cli.tables import print_facts, print_table, say

app = typer.Typer(no_args_is_help=True, help="Strategies: list, show, enable, disable.")

NameArgument = Annotated[str, typer.Argument(metavar="NAME", help="Name of the strategy.")]


@app.command("list")
def list_strategies(as_json: JsonOption = False, limit: AnyLimitOption = None) -> None:
    """List the strategies in order of name."""
    with open_desk() as desk:
        rows = [strategy_row(view) for view in desk.strategies.list()[:limit]]
    if as_json:
        print_json(rows)
        return
    columns = {"name": "NAME", "enabled": "ENABLED", "timeframe": "CANDLES", "description": "WHAT"}
    any_timeframe = [row | {"timeframe": row["timeframe"].replace("*", "any")} for row in rows]
    print_table(any_timeframe, columns, "no strategies")


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
    print_facts({key: value for key, value in row.items() if value not in ("", None)})
    say()
    columns = {
        "connection": "CONNECTION",
        "symbol": "SYMBOL",
        "timeframe": "CANDLES",
        "state": "GATE",
        "reason": "WHY",
        "held_back": "HELD BACK",
    }
    print_table(gates, columns, "no engine has run this strategy yet")


@app.command("enable")
def enable(name: NameArgument, as_json: JsonOption = False) -> None:
    """Have the engines run a strategy."""
    with open_desk() as desk:
        desk.strategies.enable(name)
        row = strategy_row(desk.strategies.get(name))
    if as_json:
        print_json(row)
    else:
        say(f"strategy {name} is enabled")


@app.command("disable")
def disable(name: NameArgument, as_json: JsonOption = False) -> None:
    """Have the engines enter nothing more for a strategy; its positions keep stop and target."""
    with open_desk() as desk:
        desk.strategies.disable(name)
        row = strategy_row(desk.strategies.get(name))
    if as_json:
        print_json(row)
    else:
        say(f"strategy {name} is disabled; its open positions keep their stops and targets")
