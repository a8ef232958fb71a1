"""`cts-tui journal …`: what was ordered, filled and earned, and as CSV files."""

from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cts_tui.cli.options import JsonOption, LimitOption, iso_or_none, open_desk, print_json
from cts_tui.cli.rows import Row, order_row, position_row
from cts_tui.cli.tables import Signed, headings, print_table, say, short_time
from cts_tui.model.journal import FillView, JournalKind, ProfitBy, ProfitView

if TYPE_CHECKING:
    from cts_tui.desk.desk import Desk

app = typer.Typer(
    no_args_is_help=True, help="What was ordered, filled and earned: trades, pnl, export, …"
)


def _since(text: str | None) -> datetime | None:
    """Return the start of a UTC date, or the time that is given."""
    if text is None:
        return None
    try:
        if len(text) <= len("2025-04-03"):
            day = date.fromisoformat(text)
            return datetime(day.year, day.month, day.day, tzinfo=UTC)
        time = datetime.fromisoformat(text)
    except ValueError:
        raise typer.BadParameter(
            f"--since {text!r} is no time; expected a UTC date like 2025-04-03, or a time like "
            "2025-04-03T17:00Z"
        ) from None
    return time.replace(tzinfo=UTC) if time.tzinfo is None else time


ConnectionOption = Annotated[
    str | None,
    typer.Option("--connection", metavar="NAME", help="Only what one connection traded."),
]
SinceOption = Annotated[
    str | None,
    typer.Option("--since", metavar="DATE", help="Only from this UTC date or time on."),
]


@app.command("trades")
def list_trades(
    as_json: JsonOption = False,
    limit: LimitOption = 50,
    connection: ConnectionOption = None,
    since: SinceOption = None,
) -> None:
    """List closed trades, the last closed first."""
    start = _since(since)
    with open_desk() as desk:
        _check(desk, connection)
        views = desk.journal.trades(limit, connection, since=start)
    if as_json:
        print_json([position_row(view) for view in views])
        return
    cells = [
        {
            "closed": short_time(iso_or_none(view.closed_at_ms)),
            "connection": view.connection,
            "symbol": view.symbol,
            "strategy": view.strategy,
            "side": view.side,
            "quantity": view.quantity,
            "entry": view.entry_price,
            "exit": view.exit_price,
            "fees": view.fees,
            "pnl": Signed.money(view.pnl),
            "pnl_pct": Signed.pct(view.pnl_pct),
            "reason": " ".join([view.exit_reason or "", "LIVE" * view.is_live]).strip(),
        }
        for view in views
    ]
    columns = headings(
        "closed", "connection", "symbol", "strategy", "side", "quantity", "entry", "exit", "fees",
        "pnl", "pnl_pct", "reason",
    )  # fmt: skip
    print_table(cells, columns | {"pnl_pct": "PNL %"}, "no closed trades yet")


@app.command("orders")
def list_orders(
    as_json: JsonOption = False,
    limit: LimitOption = 50,
    connection: ConnectionOption = None,
    since: SinceOption = None,
) -> None:
    """List orders, the newest first, those of replays left out."""
    start = _since(since)
    with open_desk() as desk:
        _check(desk, connection)
        views = desk.journal.orders(limit, connection, since=start)
    rows = [order_row(view) for view in views]
    if as_json:
        print_json(rows)
        return
    columns = headings("created_at", "connection", "symbol", "side", "type", "quantity", "filled")
    columns |= {"average_price": "FILLED AT", "status": "STATUS", "reason": "REASON"}
    cells = [row | {"created_at": short_time(row["created_at"])} for row in rows]
    print_table(cells, columns, "no orders yet")


@app.command("fills")
def list_fills(
    as_json: JsonOption = False,
    limit: LimitOption = 50,
    connection: ConnectionOption = None,
    since: SinceOption = None,
) -> None:
    """List fills, the newest first; funding payments are among them."""
    start = _since(since)
    with open_desk() as desk:
        _check(desk, connection)
        rows = [fill_row(view) for view in desk.journal.fills(limit, connection, since=start)]
    if as_json:
        print_json(rows)
        return
    columns = headings(
        "time", "connection", "symbol", "strategy", "what", "side", "quantity", "price", "fee",
        "fee_currency",
    )  # fmt: skip
    cells = [row | {"time": short_time(row["time"])} for row in rows]
    print_table(cells, columns | {"fee_currency": "IN"}, "no fills yet")


@app.command("pnl")
def show_pnl(
    as_json: JsonOption = False,
    by: Annotated[
        ProfitBy, typer.Option("--by", help="What it is added up by; days are UTC.")
    ] = ProfitBy.DAY,
    connection: ConnectionOption = None,
    since: SinceOption = None,
) -> None:
    """Show what closed trades earned, by day, strategy or symbol, and in total."""
    start = _since(since)
    with open_desk() as desk:
        _check(desk, connection)
        tables = desk.journal.profits_of(connection, start)
    views = tables.by[by]
    if as_json:
        print_json([{by.value: view.name} | profit_row(view) for view in views])
        return
    cells = [_profit_cells(view, by) for view in views]
    if len(cells) > 1:
        cells.append(_profit_cells(tables.total, by))
    columns = headings(by.value, "trades", "win_rate_pct", "profit_factor", "fees", "pnl")
    named = columns | {"win_rate_pct": "WINS %", "profit_factor": "FACTOR"}
    print_table(cells, named, "no closed trades yet")


@app.command("export")
def export(
    file: Annotated[str, typer.Argument(metavar="FILE", help="CSV file to write.")],
    kind: Annotated[
        JournalKind, typer.Option("--kind", help="What goes into it.")
    ] = JournalKind.TRADES,
    connection: ConnectionOption = None,
    since: SinceOption = None,
    as_json: JsonOption = False,
) -> None:
    """Write closed trades, orders or fills into a CSV file, the oldest first."""
    start = _since(since)
    with open_desk() as desk:
        _check(desk, connection)
        path, count = desk.journal.export(file, kind, connection, start)
    if as_json:
        print_json({"file": str(path), "kind": kind, "rows": count})
    else:
        say(f"{count} {kind} written to {path}")


def fill_row(view: FillView) -> Row:
    """Return a fill."""
    return {
        "time": iso_or_none(view.time_ms),
        "connection": view.connection,
        "symbol": view.symbol,
        "strategy": view.strategy,
        "what": view.what,
        "side": view.side,
        "quantity": view.quantity,
        "price": view.price,
        "fee": view.fee,
        "fee_currency": view.fee_currency,
        "client_order_id": view.client_order_id,
        "venue_trade_id": view.venue_trade_id,
        "live": view.is_live,
    }


def profit_row(view: ProfitView) -> Row:
    """Return the closed trades of one day, strategy or symbol in sum."""
    return {
        "trades": view.trades,
        "wins": view.wins,
        "win_rate_pct": round(view.win_rate_pct, 6),
        "profit_factor": view.profit_factor,
        "fees": view.fees,
        "pnl": view.pnl,
    }


def _profit_cells(view: ProfitView, by: ProfitBy) -> dict[str, Any]:
    return profit_row(view) | {by.value: view.name, "pnl": Signed.money(view.pnl)}


def _check(desk: "Desk", connection: str | None) -> None:
    """Refuse the name of a connection that does not exist."""
    if connection is not None:
        desk.connections.get(connection)
