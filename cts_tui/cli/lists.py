"""`cts-tui signals|orders|events|positions …`."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from cts_tui.cli.options import JsonOption, LimitOption, open_desk, print_json
from cts_tui.cli.rows import Row, event_row, order_row, position_row, signal_row
from cts_tui.cli.tables import Signed, headings, print_table, say, short_time

if TYPE_CHECKING:
    from cts_tui.desk.desk import Desk
    from cts_tui.model.views import PositionView

signals = typer.Typer(no_args_is_help=True, help="Signals of the strategies: list.")
orders = typer.Typer(no_args_is_help=True, help="Orders: list.")
events = typer.Typer(no_args_is_help=True, help="Events, who changed what and when: list.")
positions = typer.Typer(no_args_is_help=True, help="Positions: list, close.")

ConnectionOption = Annotated[
    str | None,
    typer.Option("--connection", metavar="NAME", help="Only those of one connection."),
]


@signals.command("list")
def list_signals(
    as_json: JsonOption = False, limit: LimitOption = 50, connection: ConnectionOption = None
) -> None:
    """List signals, newest first. The time is that of the candle at whose close it was given."""
    with open_desk() as desk:
        _check(desk, connection)
        rows = [signal_row(view) for view in desk.signals.list(limit, connection)]
    if as_json:
        print_json(rows)
        return
    columns = headings(
        "time", "connection", "symbol", "strategy", "kind", "side", "price", "status"
    )
    print_table([_timed(row, "time") for row in rows], columns, "no signals yet")


@orders.command("list")
def list_orders(
    as_json: JsonOption = False, limit: LimitOption = 50, connection: ConnectionOption = None
) -> None:
    """List orders, newest first."""
    with open_desk() as desk:
        _check(desk, connection)
        rows = [order_row(view) for view in desk.orders.list(limit, connection)]
    if as_json:
        print_json(rows)
        return
    columns = headings("created_at", "connection", "symbol", "side", "type", "quantity") | {
        "average_price": "FILLED AT",
        "status": "STATUS",
        "reason": "REASON",
    }
    print_table([_timed(row, "created_at") for row in rows], columns, "no orders yet")


@events.command("list")
def list_events(as_json: JsonOption = False, limit: LimitOption = 50) -> None:
    """List events, newest first."""
    with open_desk() as desk:
        rows = [event_row(view) for view in desk.events.list(limit)]
    if as_json:
        print_json(rows)
        return
    columns = headings("time", "who", "subject", "message", "change")
    cells = [_timed(row, "time") | {"change": _change(row)} for row in rows]
    print_table(cells, columns, "no events yet")


@positions.command("list")
def list_positions(
    as_json: JsonOption = False,
    limit: LimitOption = 50,
    connection: ConnectionOption = None,
    only_open: Annotated[bool, typer.Option("--open", help="Only open ones.")] = False,
    only_closed: Annotated[bool, typer.Option("--closed", help="Only closed ones.")] = False,
) -> None:
    """List positions, newest first; the table has the open ones on top."""
    if only_open and only_closed:
        raise typer.BadParameter("--open and --closed exclude each other; give one of them")
    is_open = True if only_open else False if only_closed else None
    with open_desk() as desk:
        _check(desk, connection)
        if as_json and is_open is None:
            views = desk.positions.newest(limit, connection)
        else:
            views = desk.positions.list(is_open, limit, connection)
    if as_json:
        print_json([position_row(view) for view in views])
        return
    columns = headings(
        "id", "connection", "symbol", "side", "quantity", "entry", "now", "pnl", "pnl_pct"
    ) | {"pnl_pct": "PNL %", "now": "NOW/EXIT", "state": "STATUS"}
    print_table([_position_cells(view) for view in views], columns, "no positions yet")


@positions.command("close")
def close_position(
    position_id: Annotated[
        int, typer.Argument(metavar="ID", help="Id of the position, see: positions list.")
    ],
    as_json: JsonOption = False,
) -> None:
    """Close a position at market."""
    with open_desk() as desk:
        view = desk.positions.close(position_id)
        is_running = desk.programs.is_any_alive()
    if as_json:
        print_json(position_row(view))
        return
    hint = "" if is_running else "; no engine runs, it closes once you start one: cts-tui run"
    say(f"closing position {position_id}: {view.side} {view.symbol} on {view.connection}{hint}")


def _check(desk: "Desk", connection: str | None) -> None:
    """Refuse the name of a connection that does not exist."""
    if connection is not None:
        desk.connections.get(connection)


def _timed(row: Row, key: str) -> Row:
    return row | {key: short_time(row[key])}


def _change(row: Row) -> str:
    """Return `before -> after` of an event; empty where it changed nothing that has a name."""
    before, after = row["before"], row["after"]
    return "" if before is after is None else f"{before or 'none'} -> {after or 'none'}"


def _position_cells(view: "PositionView") -> dict[str, Any]:
    """Return a position as people read it: its status with the reason, or that it is stale."""
    notes = [view.exit_reason or "", "stale" * view.is_stale, "LIVE" * view.is_live]
    return {
        "id": view.id,
        "connection": view.connection,
        "symbol": view.symbol,
        "side": view.side,
        "quantity": view.quantity,
        "entry": view.entry_price,
        "now": view.exit_price if view.exit_price is not None else view.mark_price,
        "pnl": Signed.money(view.pnl),
        "pnl_pct": Signed.pct(view.pnl_pct),
        "state": " ".join([view.status, *filter(None, notes)]),
    }
