"""What the commands on connections take, and what their options mean."""

import json
from pathlib import Path
from typing import Annotated, Any

import typer

from cts_tui.errors import ConfigError
from cts_tui.model.trading import MarketType, Mode

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
    typer.Option("--symbols-filter", metavar="RULE", help="quote=USDT volume>10M top=20 …"),
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
    bool, typer.Option("--credentials-stdin", help="Read apiKey, secret … as JSON from stdin.")
]
PrefixOption = Annotated[
    str | None,
    typer.Option("--credentials-env", metavar="P", help="Read P_API_KEY, P_SECRET … instead."),
]


def mode_of(text: str | None) -> Mode | None:
    """Return a mode, None where none was given. Raises ConfigError."""
    if text is None:
        return None
    if text not in list(Mode):
        raise ConfigError(f"{text!r} is no mode: expected paper, testnet or live")
    return Mode(text)


def market_of(text: str | None) -> MarketType | None:
    """Return a kind of market, None where none was given. Raises ConfigError."""
    if text is None:
        return None
    if text not in list(MarketType):
        raise ConfigError(f"{text!r} is no market: expected spot or swap")
    return MarketType(text)


def symbols_of(text: str | None, symbols_filter: str | None) -> tuple[str, ...] | None:
    """Return the symbols of a comma separated list, None where none was given.

    A filter lists none itself. Raises ConfigError where both are given.
    """
    if text is not None and symbols_filter:
        raise ConfigError("give either --symbols or --symbols-filter, not both")
    if text is None:
        return () if symbols_filter else None
    return tuple(part.strip() for part in text.split(",") if part.strip())


def overlay_of(text: str | None) -> dict[str, Any] | None:
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
