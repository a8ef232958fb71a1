"""`cts-tui connections …`."""

from typing import TYPE_CHECKING, Annotated

import typer

from cts_tui.cli.capability_facts import capability_facts
from cts_tui.cli.connection_facts import connection_facts
from cts_tui.cli.connection_options import (
    CredentialsOption,
    FilterOption,
    MarketOption,
    ModeOption,
    NameArgument,
    OverlayOption,
    PrefixOption,
    SymbolsOption,
    TimeframeOption,
    market_of,
    mode_of,
    overlay_of,
    symbols_of,
)
from cts_tui.cli.credentials import given_credentials
from cts_tui.cli.options import AnyLimitOption, JsonOption, open_desk, print_json
from cts_tui.cli.rows import connection_detail, connection_row
from cts_tui.cli.session_rows import detail_rows, session_facts
from cts_tui.cli.stop_rows import gate_row
from cts_tui.cli.tables import headings, print_facts, print_table, say
from cts_tui.errors import ConfigError
from cts_tui.model.connection import ConnectionDraft
from cts_tui.model.gate import Gate
from cts_tui.model.trading import MarketType, Mode

if TYPE_CHECKING:
    from cts_tui.desk.desk import Desk

app = typer.Typer(
    no_args_is_help=True,
    help="Connections to exchanges: list, show, add, edit, remove, enable, disable, test, live.",
)
live = typer.Typer(no_args_is_help=True, help="Turn live trading on or off.")
app.add_typer(live, name="live")

_EXCHANGE_HELP = "ccxt id, like binance or bybit; simulated for the demo market."

_COLUMNS = {
    "name": "NAME",
    "exchange": "EXCHANGE",
    "mode": "MODE",
    "market": "MARKET",
    "enabled": "ENABLED",
    "live": "LIVE",
    "status": "STATUS",
    "symbols": "SYMBOLS",
}


@app.command("list")
def list_connections(
    as_json: JsonOption = False,
    limit: AnyLimitOption = None,
    with_recorded: Annotated[
        bool, typer.Option("--all", help="Also those that hold replays.")
    ] = False,
) -> None:
    """List the connections in order of name."""
    with open_desk() as desk:
        views = desk.connections.list(with_recorded=with_recorded)[:limit]
    rows = [connection_row(view) for view in views]
    if as_json:
        print_json(rows)
    else:
        print_table(rows, _COLUMNS, "no connections; add one with: cts-tui connections add")


@app.command("show")
def show(name: NameArgument, as_json: JsonOption = False) -> None:
    """Show one connection: what its engine says, its last test, what its exchange can do."""
    with open_desk() as desk:
        detail = desk.connections.detail(name)
        view = detail.view
        able = desk.tests.capabilities(view.exchange, view.market)
    if as_json:
        capabilities = {"capabilities": able.to_json() if able else None}
        print_json(connection_detail(view) | detail_rows(detail) | capabilities)
    else:
        print_facts(connection_facts(view) | session_facts(detail) | capability_facts(able))


@app.command("add")
def add(
    name: NameArgument,
    exchange: Annotated[str, typer.Option("--exchange", metavar="ID", help=_EXCHANGE_HELP)],
    mode: ModeOption = None,
    market: MarketOption = None,
    symbols: SymbolsOption = None,
    symbols_filter: FilterOption = None,
    timeframe: TimeframeOption = None,
    ccxt_config: OverlayOption = None,
    credentials_stdin: CredentialsOption = False,
    credentials_env: PrefixOption = None,
    as_json: JsonOption = False,
) -> None:
    """Add a connection: disabled and not live. Without --symbols it gets the usual ones."""
    from cts_tui.desk.seed import usual_symbols

    credentials = given_credentials(from_stdin=credentials_stdin, prefix=credentials_env)
    market_type = market_of(market) or MarketType.SPOT
    named = symbols_of(symbols, symbols_filter)
    draft = ConnectionDraft(
        name=name,
        exchange=exchange,
        mode=mode_of(mode) or Mode.PAPER,
        market=market_type,
        symbols=usual_symbols(exchange, market_type) if named is None else named,
        timeframe=timeframe or ("1m" if exchange == "simulated" else "5m"),
        ccxt_config=overlay_of(ccxt_config),
        symbols_filter=symbols_filter or None,
    )
    with open_desk() as desk:
        desk.connections.add(draft, credentials)
        what = draft.symbols_filter or ",".join(draft.symbols)
        line = f"added {name} on {what}, disabled; enable it with: "
        _tell(desk, name, line + f"cts-tui connections enable {name}", as_json=as_json)


@app.command("edit")
def edit(
    name: NameArgument,
    exchange: Annotated[
        str | None, typer.Option("--exchange", metavar="ID", help=_EXCHANGE_HELP)
    ] = None,
    mode: ModeOption = None,
    market: MarketOption = None,
    symbols: SymbolsOption = None,
    symbols_filter: FilterOption = None,
    timeframe: TimeframeOption = None,
    ccxt_config: OverlayOption = None,
    credentials_stdin: CredentialsOption = False,
    credentials_env: PrefixOption = None,
    forget_credentials: Annotated[
        bool, typer.Option("--forget-credentials", help="Delete its stored credentials.")
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Change what is given of a connection; its live trading is turned off."""
    credentials = given_credentials(from_stdin=credentials_stdin, prefix=credentials_env)
    if forget_credentials and credentials:
        raise ConfigError("either new credentials or --forget-credentials, not both")
    with open_desk() as desk:
        desk.connections.edit(
            name,
            exchange=exchange,
            mode=mode_of(mode),
            market=market_of(market),
            symbols=symbols_of(symbols, symbols_filter),
            symbols_filter="" if symbols and symbols_filter is None else symbols_filter,
            timeframe=timeframe,
            ccxt_config=overlay_of(ccxt_config),
            credentials=credentials,
            forget_credentials=forget_credentials,
        )
        _tell(desk, name, f"changed {name}, live trading off", as_json=as_json)


@app.command("remove")
def remove(
    name: NameArgument,
    force: Annotated[
        bool, typer.Option("--force", help="Even with open positions, which are forgotten.")
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Remove a connection and all that belongs to it."""
    with open_desk() as desk:
        removed = desk.connections.remove(name, force=force)
    if as_json:
        print_json({"name": name, "removed": removed})
        return
    rows = ", ".join(
        f"{count} {table.replace('_', ' ')}" for table, count in removed.items() if count
    )
    say(f"removed {name}" + (f" with {rows}" if rows else "; it had recorded nothing"))


@app.command("enable")
def enable(name: NameArgument, as_json: JsonOption = False) -> None:
    """Enable a connection: a running engine takes it up at once."""
    with open_desk() as desk:
        desk.connections.enable(name)
        is_running = desk.programs.is_any_alive()
        hint = "" if is_running else "; no engine runs, start one with: cts-tui run"
        _tell(desk, name, f"{name} is enabled{hint}", as_json=as_json)


@app.command("disable")
def disable(name: NameArgument, as_json: JsonOption = False) -> None:
    """Disable a connection: its engine stops, its live trading is off."""
    with open_desk() as desk:
        desk.connections.disable(name)
        held = desk.connections.get(name).open_positions
        hint = f"; positions left open and unwatched: {held}" if held else ""
        _tell(desk, name, f"{name} is disabled, live trading off{hint}", as_json=as_json)


@live.command("on")
def live_on(
    name: NameArgument,
    confirm: Annotated[
        str, typer.Option("--confirm", metavar="NAME", help="The connection's name again.")
    ] = "",
    as_json: JsonOption = False,
) -> None:
    """Turn live trading on, if every safety gate is open; else say which are not."""
    from cts_tui.desk.live_gates import ClosedGatesError

    with open_desk() as desk:
        try:
            desk.connections.live_on(name, confirm)
        except ClosedGatesError as error:
            _tell_gates(name, error.gates, as_json=as_json)
            raise
        _tell(desk, name, f"{name} trades live", as_json=as_json)


def _tell_gates(name: str, gates: tuple[Gate, ...], *, as_json: bool) -> None:
    """Tell of every gate whether it is open."""
    if as_json:
        print_json({"name": name, "live": False, "gates": [gate_row(gate) for gate in gates]})
        return
    rows = [gate_row(gate) | {"state": _state(gate)} for gate in gates]
    print_table(rows, headings("gate", "state", "message", "todo"), "")


def _state(gate: Gate) -> str:
    return "FAIL" if not gate.is_open else "warn" if gate.is_warning else "pass"


@live.command("off")
def live_off(name: NameArgument, as_json: JsonOption = False) -> None:
    """Turn live trading off, at once."""
    with open_desk() as desk:
        desk.connections.live_off(name)
        _tell(desk, name, f"{name} does not trade live", as_json=as_json)


def _tell(desk: "Desk", name: str, line: str, *, as_json: bool) -> None:
    """Say what was done; as JSON, show the connection as it now is."""
    if as_json:
        print_json(connection_detail(desk.connections.get(name)))
    else:
        say(line)
