"""`cts-tui connections …`."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cts_tui.cli.options import AnyLimitOption, JsonOption, open_desk, print_json
from cts_tui.cli.rows import connection_detail, connection_row
from cts_tui.cli.tables import print_facts, print_table, say
from cts_tui.errors import ConfigError
from cts_tui.model.connection import ConnectionDraft
from cts_tui.model.trading import MarketType, Mode

if TYPE_CHECKING:
    from cts_tui.desk.desk import Desk

app = typer.Typer(
    no_args_is_help=True,
    help="Connections to exchanges: list, show, add, edit, remove, enable, disable, live.",
)
live = typer.Typer(no_args_is_help=True, help="Turn live trading on or off.")
app.add_typer(live, name="live")

NameArgument = Annotated[str, typer.Argument(metavar="NAME", help="Name of the connection.")]
ModeOption = Annotated[
    str | None, typer.Option("--mode", metavar="MODE", help="paper, testnet or live.")
]
MarketOption = Annotated[
    str | None, typer.Option("--market", metavar="MARKET", help="spot or swap.")
]
SymbolsOption = Annotated[
    str | None,
    typer.Option("--symbols", metavar="LIST", help="Comma separated, like BTC/USDT,ETH/USDT."),
]
FilterOption = Annotated[
    str | None,
    typer.Option("--symbols-filter", metavar="RULE", help="Not in this version."),
]
TimeframeOption = Annotated[
    str | None,
    typer.Option("--timeframe", metavar="T", help="Candles to trade on, like 1m or 5m."),
]
OverlayOption = Annotated[
    str | None,
    typer.Option("--ccxt-config", metavar="JSON", help="JSON, or a JSON file, merged into ccxt."),
]
CredentialsOption = Annotated[
    bool, typer.Option("--credentials-stdin", help="Not in this version.")
]
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
    """Show one connection, and what its engine says."""
    with open_desk() as desk:
        row = connection_detail(desk.connections.get(name))
    if as_json:
        print_json(row)
    else:
        print_facts(row)


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
    as_json: JsonOption = False,
) -> None:
    """Add a connection: disabled and not live. Without --symbols it gets the usual ones."""
    from cts_tui.desk.seed import usual_symbols

    _refuse_unfinished(symbols_filter, credentials_stdin)
    market_type = _market(market) or MarketType.SPOT
    named = _symbols(symbols)
    draft = ConnectionDraft(
        name=name,
        exchange=exchange,
        mode=_mode(mode) or Mode.PAPER,
        market=market_type,
        symbols=usual_symbols(exchange, market_type) if named is None else named,
        timeframe=timeframe or ("1m" if exchange == "simulated" else "5m"),
        ccxt_config=_overlay(ccxt_config),
    )
    with open_desk() as desk:
        desk.connections.add(draft)
        line = f"added {name} on {','.join(draft.symbols)}, disabled; enable it with: "
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
    as_json: JsonOption = False,
) -> None:
    """Change what is given of a connection; its live trading is turned off."""
    _refuse_unfinished(symbols_filter, credentials_stdin)
    with open_desk() as desk:
        desk.connections.edit(
            name,
            exchange=exchange,
            mode=_mode(mode),
            market=_market(market),
            symbols=_symbols(symbols),
            timeframe=timeframe,
            ccxt_config=_overlay(ccxt_config),
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
    """Turn live trading on, if every safety gate is open."""
    with open_desk() as desk:
        desk.connections.live_on(name, confirm)
        _tell(desk, name, f"{name} trades live", as_json=as_json)


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


def _refuse_unfinished(symbols_filter: str | None, credentials_stdin: bool) -> None:
    """Refuse the options that a later version takes; what stdin holds is not read."""
    if credentials_stdin:
        raise ConfigError(
            "--credentials-stdin is not in this version, which sends no orders to exchanges and "
            "has no use for credentials; leave it out, paper trading needs none"
        )
    if symbols_filter is not None:
        raise ConfigError(
            "--symbols-filter is not in this version, which does not load the markets of an "
            "exchange; name the symbols: --symbols BTC/USDT,ETH/USDT"
        )


def _mode(text: str | None) -> Mode | None:
    if text is None:
        return None
    if text not in list(Mode):
        raise ConfigError(f"{text!r} is no mode: expected paper, testnet or live")
    return Mode(text)


def _market(text: str | None) -> MarketType | None:
    if text is None:
        return None
    if text not in list(MarketType):
        raise ConfigError(f"{text!r} is no market: expected spot or swap")
    return MarketType(text)


def _symbols(text: str | None) -> tuple[str, ...] | None:
    if text is None:
        return None
    return tuple(part.strip() for part in text.split(",") if part.strip())


def _overlay(text: str | None) -> dict[str, Any] | None:
    """Read `--ccxt-config`: a JSON object, or a file that holds one. It is never echoed."""
    if text is None:
        return None
    try:
        content = text if text.lstrip().startswith("{") else Path(text).read_text("utf-8")
        overlay = json.loads(content)
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "it is not text"
        raise ConfigError(
            f"--ccxt-config: expected a JSON object or a file that holds one, the file cannot be "
            f"read: {reason}"
        ) from None
    except ValueError as error:
        raise ConfigError(f"--ccxt-config is no JSON: {error}; expected an object") from None
    if not isinstance(overlay, dict):
        raise ConfigError('--ccxt-config is no JSON object; expected one like {"options": {}}')
    return overlay
