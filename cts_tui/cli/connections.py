"""`cts-tui connections …`."""

import json
from pathlib import Path
from typing import Annotated, Any

import typer

from cts_tui.cli.options import JsonOption, open_desk, print_json, print_table, say
from cts_tui.cli.rows import connection_detail, connection_row
from cts_tui.errors import ConfigError
from cts_tui.model.connection import ConnectionDraft
from cts_tui.model.trading import MarketType, Mode

app = typer.Typer(no_args_is_help=True, help="Connections to exchanges: list, add, enable, arm.")
live = typer.Typer(no_args_is_help=True, help="Arm or disarm live trading.")
app.add_typer(live, name="live")

NameArgument = Annotated[str, typer.Argument(help="Name of the connection.")]
ExchangeOption = Annotated[str, typer.Option("--exchange", help="ccxt id, like binance or bybit.")]
ModeOption = Annotated[str | None, typer.Option("--mode", help="paper, testnet or live.")]
MarketOption = Annotated[str | None, typer.Option("--market", help="spot or swap.")]
SymbolsOption = Annotated[
    str | None, typer.Option("--symbols", help="Comma separated, like BTC/USDT,ETH/USDT.")
]
TimeframeOption = Annotated[
    str | None, typer.Option("--timeframe", help="Candles to trade on, like 1m or 5m.")
]
OverlayOption = Annotated[
    str | None, typer.Option("--ccxt-config", help="JSON, or a JSON file, merged into ccxt.")
]

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
    with_recorded: Annotated[
        bool, typer.Option("--all", help="Also those that hold replays.")
    ] = False,
) -> None:
    """List the connections."""
    with open_desk() as desk:
        rows = [connection_row(view) for view in desk.connections.list(with_recorded=with_recorded)]
    if as_json:
        print_json(rows)
    else:
        print_table(rows, _COLUMNS, "no connections; add one with: connections add")


@app.command("show")
def show(name: NameArgument, as_json: JsonOption = False) -> None:
    """Show one connection, and what its engine says."""
    with open_desk() as desk:
        row = connection_detail(desk.connections.get(name))
    if as_json:
        print_json(row)
        return
    for key, value in row.items():
        say(f"{key:16}{','.join(value) if isinstance(value, list) else value}")


@app.command("add")
def add(
    name: NameArgument,
    exchange: ExchangeOption,
    mode: ModeOption = None,
    market: MarketOption = None,
    symbols: SymbolsOption = None,
    timeframe: TimeframeOption = None,
    ccxt_config: OverlayOption = None,
) -> None:
    """Add a connection: disabled, on paper, not live."""
    draft = ConnectionDraft(
        name=name,
        exchange=exchange,
        mode=_mode(mode) or Mode.PAPER,
        market=_market(market) or MarketType.SPOT,
        symbols=_symbols(symbols) or (),
        timeframe=timeframe or ("1m" if exchange == "simulated" else "5m"),
        ccxt_config=_overlay(ccxt_config),
    )
    with open_desk() as desk:
        desk.connections.add(draft)
    say(f"added {name}, disabled; enable it with: cts-tui connections enable {name}")


@app.command("edit")
def edit(
    name: NameArgument,
    exchange: Annotated[str | None, typer.Option("--exchange", help="ccxt id.")] = None,
    mode: ModeOption = None,
    market: MarketOption = None,
    symbols: SymbolsOption = None,
    timeframe: TimeframeOption = None,
    ccxt_config: OverlayOption = None,
) -> None:
    """Change a connection; its live trading is turned off."""
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
    say(f"changed {name}")


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
    rows = ", ".join(f"{count} {table}" for table, count in removed.items() if count)
    say(f"removed {name}{' with ' + rows if rows else ''}")


@app.command("enable")
def enable(name: NameArgument) -> None:
    """Enable a connection: the engine runs it within 250 ms."""
    with open_desk() as desk:
        desk.connections.enable(name)
        is_running = desk.programs.is_any_alive()
    say(f"{name} is enabled" + ("" if is_running else "; no engine runs, start: cts-tui run"))


@app.command("disable")
def disable(name: NameArgument) -> None:
    """Disable a connection: its engine stops, its live trading is off."""
    with open_desk() as desk:
        desk.connections.disable(name)
    say(f"{name} is disabled, live trading off")


@live.command("on")
def live_on(
    name: NameArgument,
    confirm: Annotated[str, typer.Option("--confirm", help="The connection's name again.")] = "",
) -> None:
    """Arm live trading, if every gate passes."""
    with open_desk() as desk:
        desk.connections.live_on(name, confirm)
    say(f"{name} trades live")


@live.command("off")
def live_off(name: NameArgument) -> None:
    """Turn live trading off, at once."""
    with open_desk() as desk:
        desk.connections.live_off(name)
    say(f"{name} does not trade live")


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
    """Read `--ccxt-config`: a JSON object, or a file that holds one."""
    if text is None:
        return None
    try:
        content = text if text.lstrip().startswith("{") else Path(text).read_text("utf-8")
        overlay = json.loads(content)
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"--ccxt-config {text}: the file cannot be read: {error}") from error
    except ValueError as error:
        raise ConfigError(f"--ccxt-config is no JSON: {error}") from error
    if not isinstance(overlay, dict):
        raise ConfigError('--ccxt-config must be a JSON object like {"options": {…}}')
    return overlay
