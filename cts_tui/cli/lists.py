"""`cts-tui signals|orders|events|positions …`."""

from typing import Annotated

import typer

from cts_tui.cli.options import (
    JsonOption,
    LimitOption,
    open_desk,
    print_json,
    print_table,
    refuse,
    say,
)
from cts_tui.cli.rows import event_row, order_row, position_row, signal_row

signals = typer.Typer(no_args_is_help=True, help="Signals of the strategies.")
orders = typer.Typer(no_args_is_help=True, help="Orders.")
events = typer.Typer(no_args_is_help=True, help="Events: who changed what, and when.")
positions = typer.Typer(no_args_is_help=True, help="Positions: list, close.")

ConnectionOption = Annotated[
    str | None, typer.Option("--connection", help="Only those of one connection.")
]


@signals.command("list")
def list_signals(
    as_json: JsonOption = False, limit: LimitOption = 50, connection: ConnectionOption = None
) -> None:
    """List signals, newest first."""
    with open_desk() as desk:
        rows = [signal_row(view) for view in desk.signals.list(limit, connection)]
    columns = ("time", "symbol", "strategy", "kind", "side", "price", "status")
    _print(rows, columns, as_json=as_json, empty="no signals yet")


@orders.command("list")
def list_orders(
    as_json: JsonOption = False, limit: LimitOption = 50, connection: ConnectionOption = None
) -> None:
    """List orders, newest first."""
    with open_desk() as desk:
        rows = [order_row(view) for view in desk.orders.list(limit, connection)]
    columns = (
        "created_at",
        "connection",
        "symbol",
        "side",
        "type",
        "quantity",
        "average_price",
        "status",
        "reason",
    )
    _print(rows, columns, as_json=as_json, empty="no orders yet")


@events.command("list")
def list_events(as_json: JsonOption = False, limit: LimitOption = 50) -> None:
    """List events, newest first."""
    with open_desk() as desk:
        rows = [event_row(view) for view in desk.events.list(limit)]
    _print(rows, ("time", "who", "kind", "subject", "message"), as_json=as_json, empty="no events")


@positions.command("list")
def list_positions(
    as_json: JsonOption = False,
    limit: LimitOption = 50,
    connection: ConnectionOption = None,
    only_open: Annotated[bool, typer.Option("--open", help="Only open ones.")] = False,
    only_closed: Annotated[bool, typer.Option("--closed", help="Only closed ones.")] = False,
) -> None:
    """List positions, the open ones first, then the newest first."""
    if only_open and only_closed:
        refuse("--open and --closed exclude each other; give one of them")
    is_open = True if only_open else False if only_closed else None
    with open_desk() as desk:
        rows = [position_row(view) for view in desk.positions.list(is_open, limit, connection)]
    columns = (
        "id",
        "connection",
        "symbol",
        "side",
        "quantity",
        "entry_price",
        "mark_price",
        "pnl_pct",
        "status",
        "exit_reason",
    )
    _print(rows, columns, as_json=as_json, empty="no positions yet")


@positions.command("close")
def close_position(
    position_id: Annotated[int, typer.Argument(help="Id of the position, see: positions list.")],
) -> None:
    """Close a position at market."""
    with open_desk() as desk:
        view = desk.positions.close(position_id)
        is_running = desk.programs.is_any_alive()
    hint = "" if is_running else "; it closes once an engine runs: cts-tui run"
    say(f"closing position {position_id}: {view.side} {view.symbol} on {view.connection}{hint}")


def _print(
    rows: list[dict[str, object]], columns: tuple[str, ...], *, as_json: bool, empty: str
) -> None:
    if as_json:
        print_json(rows)
    else:
        print_table(rows, {key: key.upper().replace("_", " ") for key in columns}, empty)
