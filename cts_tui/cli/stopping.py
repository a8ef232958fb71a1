"""`cts-tui kill …` and `cts-tui flatten`: what stops everything."""

from typing import TYPE_CHECKING, Annotated

import typer

from cts_tui.cli.options import JsonOption, open_desk, print_json
from cts_tui.cli.stop_rows import flattening_row
from cts_tui.cli.tables import say
from cts_tui.errors import ConfigError

if TYPE_CHECKING:
    from cts_tui.desk.desk import Desk
    from cts_tui.model.gate import Flattening

kill = typer.Typer(no_args_is_help=True, help="The kill switch: on, off, status.")


@kill.command("on")
def kill_on(as_json: JsonOption = False) -> None:
    """Stop entries everywhere, cancel those that rest, turn live trading off; exits go on."""
    with open_desk() as desk:
        desk.controls.kill()
        _tell(desk, as_json=as_json)


@kill.command("off")
def kill_off(as_json: JsonOption = False) -> None:
    """Let entries go on; live trading stays off until it is armed again."""
    with open_desk() as desk:
        desk.controls.revive()
        _tell(desk, as_json=as_json)


@kill.command("status")
def kill_status(as_json: JsonOption = False) -> None:
    """Show whether the kill switch is on."""
    with open_desk() as desk:
        _tell(desk, as_json=as_json)


def _tell(desk: "Desk", *, as_json: bool) -> None:
    is_killed = desk.controls.is_killed()
    if as_json:
        print_json({"kill_switch": is_killed})
    elif is_killed:
        say("the kill switch is on: nothing is opened; cts-tui kill off releases it")
    else:
        say("the kill switch is off")


def flatten(
    name: Annotated[
        str | None, typer.Argument(metavar="[NAME]", help="Name of the connection.")
    ] = None,
    is_all: Annotated[bool, typer.Option("--all", help="Of every connection.")] = False,
    confirm: Annotated[
        str, typer.Option("--confirm", metavar="NAME|ALL", help="The name again, or ALL.")
    ] = "",
    as_json: JsonOption = False,
) -> None:
    """Close every position of a connection at market, cancel its entries, end live trading."""
    if (name is None) is not is_all:
        raise ConfigError("name one connection, or give --all: cts-tui flatten NAME|--all")
    with open_desk() as desk:
        if name is None:
            closing = desk.controls.flatten_all(confirm)
        else:
            closing = (desk.controls.flatten(name, confirm),)
        is_running = desk.programs.is_any_alive()
    if as_json:
        print_json([flattening_row(one) for one in closing])
        return
    if not closing:
        say("nothing to close: no connection holds a position or has an entry on its way")
    for one in closing:
        say(_line(one))
    if closing and not is_running:
        say("no engine runs: it is closed once you start one: cts-tui run")


def _line(one: "Flattening") -> str:
    return (
        f"closing {one.connection} at market: {one.positions} open position"
        f"{'s' * (one.positions != 1)}, {one.orders} entr{'y' if one.orders == 1 else 'ies'} "
        "on their way"
    )
