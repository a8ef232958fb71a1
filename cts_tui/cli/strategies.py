"""`cts-tui strategies …`."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cts_tui.cli.options import AnyLimitOption, JsonOption, open_desk, print_json
from cts_tui.cli.rows import fault_row, strategy_row
from cts_tui.cli.tables import print_facts, print_table, say, warn

if TYPE_CHECKING:
    from cts_tui.desk.desk import Desk
    from cts_tui.model.strategy_views import StrategyFault

app = typer.Typer(
    no_args_is_help=True,
    help="Strategies: list, show, check, add, edit, export, remove, enable, disable.",
)

NameArgument = Annotated[str, typer.Argument(metavar="NAME", help="Name of the strategy.")]
FileArgument = Annotated[Path, typer.Argument(metavar="FILE", help="A strategy as TOML.")]
FilesArgument = Annotated[list[Path], typer.Argument(metavar="FILE...", help="Strategies as TOML.")]


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


@app.command("check")
def check(files: FilesArgument, as_json: JsonOption = False) -> None:
    """Tell everything that is wrong with strategy files; no store is needed."""
    checked = [(file, *_checked(file)) for file in files]
    if as_json:
        print_json([_check_row(file, faults) for file, _, faults in checked])
    for file, _, faults in checked:
        if not as_json:
            _tell_faults(file, faults)
            if not faults:
                say(f"{file}: good")
    if any(faults for _, _, faults in checked):
        raise typer.Exit(1)


@app.command("add")
def add(files: FilesArgument, as_json: JsonOption = False) -> None:
    """Add strategies from files, disabled: all of them, or none where one is at fault."""
    texts = _texts(files)
    with open_desk() as desk:
        names = desk.strategies.add(*texts)
        if as_json:
            print_json([strategy_row(desk.strategies.get(name)) for name in names])
            return
    for name in names:
        say(f"added {name}, disabled; enable it with: cts-tui strategies enable {name}")


@app.command("edit")
def edit(name: NameArgument, file: FileArgument, as_json: JsonOption = False) -> None:
    """Replace a strategy by a file; its open positions keep their stops and targets."""
    [text] = _texts([file])
    with open_desk() as desk:
        changed = desk.strategies.edit(name, text)
        line = (
            f"changed {name}: {', '.join(changed)}" if changed else f"{name} is like that already"
        )
        _tell(desk, name, line, as_json=as_json)


@app.command("export")
def export(name: NameArgument) -> None:
    """Print a strategy as TOML; the file can be added or edited again."""
    with open_desk() as desk:
        text = desk.strategies.toml(name)
    typer.echo(text, nl=False)


@app.command("remove")
def remove(
    name: NameArgument,
    force: Annotated[
        bool,
        typer.Option("--force", help="Even with open positions; they keep stops and targets."),
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Remove a strategy of your own; what it has traded stays recorded."""
    with open_desk() as desk:
        held = desk.strategies.remove(name, force=force)
    if as_json:
        print_json({"removed": name, "open_positions": held})
        return
    keeps = "position keeps its" if held == 1 else "positions keep their"
    kept = f"; {held} open {keeps} stop and target"
    say(f"removed {name}{kept if held else ''}")


@app.command("enable")
def enable(name: NameArgument, as_json: JsonOption = False) -> None:
    """Have the engines run a strategy."""
    with open_desk() as desk:
        desk.strategies.enable(name)
        line = f"strategy {name} is enabled"
        _tell(desk, name, line, as_json=as_json)


@app.command("disable")
def disable(name: NameArgument, as_json: JsonOption = False) -> None:
    """Have the engines enter nothing more for a strategy; its positions keep stop and target."""
    with open_desk() as desk:
        desk.strategies.disable(name)
        line = f"strategy {name} is disabled; its open positions keep their stops and targets"
        _tell(desk, name, line, as_json=as_json)


def _tell(desk: "Desk", name: str, line: str, *, as_json: bool) -> None:
    if as_json:
        print_json(strategy_row(desk.strategies.get(name)))
    else:
        say(line)


def _texts(files: Sequence[Path]) -> list[str]:
    """Return the texts of files without faults; else tell every fault and end with code 1."""
    checked = [(file, *_checked(file)) for file in files]
    for file, _, faults in checked:
        _tell_faults(file, faults)
    if any(faults for _, _, faults in checked):
        raise typer.Exit(1)
    return [text for _, text, _ in checked]


def _checked(file: Path) -> "tuple[str, Sequence[StrategyFault]]":
    """Return the text of a file, and what is wrong with it or with reading it."""
    from cts_tui.desk.strategy_files import strategy_faults, strategy_file_text
    from cts_tui.errors import ConfigError
    from cts_tui.model.strategy_views import StrategyFault

    try:
        text = strategy_file_text(file)
    except ConfigError as error:
        return "", [StrategyFault("", str(error))]
    return text, strategy_faults(text)


def _tell_faults(file: Path, faults: "Sequence[StrategyFault]") -> None:
    for fault in faults:
        line = "" if fault.line is None else f":{fault.line}"
        warn(f"cts-tui: {file}{line}: {' '.join(fault.message.split())}")


def _check_row(file: Path, faults: "Sequence[StrategyFault]") -> dict[str, Any]:
    return {"file": str(file), "good": not faults, "faults": [fault_row(fault) for fault in faults]}
