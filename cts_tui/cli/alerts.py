"""`cts-tui alerts …`: what stands, what is known, and where alerts are told."""

import sys
from typing import Annotated, Any, Final

import typer

from cts_tui.cli.options import JsonOption, LimitOption, open_desk, print_json
from cts_tui.cli.rows import Row, alert_row, target_row
from cts_tui.cli.tables import headings, print_table, say, short_time
from cts_tui.errors import ConfigError

app = typer.Typer(
    no_args_is_help=True, help="Alerts: list, acknowledge; where they are told, and trying it."
)
targets = typer.Typer(no_args_is_help=True, help="Where alerts are told: list, add, remove.")
app.add_typer(targets, name="targets")

_MOST_BYTES: Final = 8_192
_TargetName = Annotated[str, typer.Argument(metavar="NAME", help="Name of the target.")]


@app.command("list")
def list_alerts(
    with_all: Annotated[bool, typer.Option("--all", help="Also those that are over.")] = False,
    as_json: JsonOption = False,
    limit: LimitOption = 50,
) -> None:
    """List the alerts that stand, newest first."""
    with open_desk() as desk:
        found = desk.alerts.list(limit) if with_all else desk.alerts.standing(limit)
        is_running = desk.programs.is_any_alive()
    rows = [alert_row(alert) for alert in found]
    if as_json:
        print_json(rows)
        return
    columns = headings("id", "rule", "subject", "severity", "raised_at", "state", "message")
    columns |= {"raised_at": "RAISED"}
    empty = "no alert stands" + "; no engine runs that would raise any" * (not is_running)
    print_table([_cells(row) for row in rows], columns, "no alerts yet" if with_all else empty)


@app.command("ack")
def ack(
    alert_id: Annotated[int, typer.Argument(metavar="ID", help="Its id, see: alerts list.")],
    as_json: JsonOption = False,
) -> None:
    """Say that an alert is known: it is not told again, nor counted in the header."""
    with open_desk() as desk:
        alert = desk.alerts.ack(alert_id)
        after = next(one for one in desk.alerts.standing(None) if one.id == alert_id)
    if as_json:
        print_json(alert_row(after))
    else:
        say(f"acknowledged: {alert.rule} {alert.subject}: {alert.message}")


@app.command("test")
def test(
    target: Annotated[
        str | None, typer.Option("--target", metavar="NAME", help="Only this one.")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Send a trial notice to every target, and say what came back."""
    with open_desk() as desk:
        deliveries = desk.alerts.test(target)
    rows: list[Row] = [
        {"target": one.target, "sent": one.is_taken, "error": one.error or None}
        for one in deliveries
    ]
    if as_json:
        print_json(rows)
    else:
        print_table(rows, headings("target", "sent", "error"), "")
    if not all(one.is_taken for one in deliveries):
        raise typer.Exit(1)


@targets.command("list")
def list_targets(as_json: JsonOption = False) -> None:
    """List where alerts are told; addresses hold tokens and are never shown."""
    with open_desk() as desk:
        rows = [target_row(view) for view in desk.alerts.targets()]
    if as_json:
        print_json(rows)
        return
    columns = headings("name", "address", "sent_at", "failures", "last_error")
    cells = [row | {"sent_at": short_time(row["sent_at"])} for row in rows]
    print_table(cells, columns, "no target yet; add one: cts-tui alerts targets add NAME")


@targets.command("add")
def add_target(name: _TargetName, as_json: JsonOption = False) -> None:
    """Tell alerts to an address of apprise's kind; it is read from stdin, or asked for unseen."""
    with open_desk() as desk:
        view = desk.alerts.add_target(name, _address())
        is_first = len(desk.alerts.targets()) == 1
    if as_json:
        print_json(target_row(view))
        return
    only = "" if is_first else f" --target {name}"
    say(f"alerts are told to {name} ({view.address}); try it: cts-tui alerts test{only}")


@targets.command("remove")
def remove_target(name: _TargetName, as_json: JsonOption = False) -> None:
    """Tell a target nothing more, and forget its address."""
    with open_desk() as desk:
        desk.alerts.remove_target(name)
    if as_json:
        print_json({"name": name, "removed": True})
    else:
        say(f"removed: {name} is told no alerts any more")


def _address() -> str:
    """Return the address from stdin; on a terminal it is asked for without being seen."""
    if sys.stdin is None:
        raise ConfigError("the address is read from stdin, and there is none")
    if sys.stdin.isatty():
        from getpass import getpass

        return getpass("Address, like ntfys://ntfy.sh/TOPIC (not shown): ")
    raw = sys.stdin.buffer.read(_MOST_BYTES + 1)
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise ConfigError("what stdin holds is no text: expected one address") from None


def _cells(row: Row) -> dict[str, Any]:
    """Return an alert as people read it."""
    state = "acknowledged" if row["acked_at"] else "stands"
    if row["cleared_at"]:
        state = f"cleared {short_time(row['cleared_at'])}"
    return row | {"raised_at": short_time(row["raised_at"]), "state": state}
