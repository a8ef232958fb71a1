"""`cts-tui externals …`: what is on an account and not the desk's own (S7)."""

from typing import TYPE_CHECKING, Annotated

import typer

from cts_tui.cli.lists import ConnectionOption
from cts_tui.cli.options import JsonOption, LimitOption, iso_or_none, open_desk, print_json
from cts_tui.cli.tables import headings, print_table, say, short_time
from cts_tui.model.external import ExternalView

if TYPE_CHECKING:
    from cts_tui.cli.rows import Row
    from cts_tui.desk.desk import Desk

app = typer.Typer(
    no_args_is_help=True,
    help="Orders and positions on an account that are not the desk's own: list, adopt, ignore.",
)
IdArgument = Annotated[
    int, typer.Argument(metavar="ID", help="Id of the external, see: externals list.")
]


def external_row(view: ExternalView) -> "Row":
    """Return an external as scripts read it."""
    return {
        "id": view.id,
        "connection": view.connection,
        "kind": view.kind,
        "symbol": view.symbol,
        "side": view.side,
        "quantity": view.quantity,
        "price": view.price,
        "status": view.status,
        "wish": view.wish,
        "venue_key": view.venue_key,
        "first_seen_at": iso_or_none(view.first_seen_ms),
        "last_seen_at": iso_or_none(view.last_seen_ms),
    }


@app.command("list")
def list_externals(
    as_json: JsonOption = False,
    limit: LimitOption = 50,
    connection: ConnectionOption = None,
    with_all: Annotated[
        bool, typer.Option("--all", help="Also those ignored, adopted or gone.")
    ] = False,
) -> None:
    """List externals, newest first."""
    with open_desk() as desk:
        if connection is not None:
            desk.connections.get(connection)
        views = desk.externals.list(is_decided=with_all, limit=limit, connection=connection)
    rows = [external_row(view) for view in views]
    if as_json:
        print_json(rows)
        return
    columns = headings("id", "connection", "kind", "symbol", "side", "quantity", "price") | {
        "status": "STATUS",
        "first_seen_at": "SEEN FIRST",
    }
    cells = [row | {"first_seen_at": short_time(row["first_seen_at"])} for row in rows]
    print_table(cells, columns, "nothing on the accounts but the desk's own")


@app.command("adopt")
def adopt(external_id: IdArgument, as_json: JsonOption = False) -> None:
    """Take over an order or a position: it is managed and protected like the desk's own."""
    with open_desk() as desk:
        view = desk.externals.adopt(external_id)
        _answer(desk, view, "adopting", as_json=as_json)


@app.command("ignore")
def ignore(external_id: IdArgument, as_json: JsonOption = False) -> None:
    """Leave an order or a position alone, and list it no more."""
    with open_desk() as desk:
        view = desk.externals.ignore(external_id)
        _answer(desk, view, "ignoring", as_json=as_json)


def _answer(desk: "Desk", view: ExternalView, doing: str, *, as_json: bool) -> None:
    if as_json:
        print_json(external_row(view))
        return
    hint = "" if desk.programs.is_any_alive() else "; no engine runs, it waits: cts-tui run"
    say(f"{doing} {view.kind} {view.side} {view.symbol} on {view.connection}{hint}")
