"""What a connection must look like before it is stored: every face's input is checked here."""

import re
from collections.abc import Iterator
from typing import Any, Final

from cts_tui.errors import ConfigError
from cts_tui.exchange.catalog import is_known_exchange, nearest
from cts_tui.model.connection import SIMULATED_EXCHANGE, ConnectionDraft
from cts_tui.model.market import timeframe_ms
from cts_tui.model.trading import Mode

_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,39}")
_REPLAY_PREFIX: Final = "replay-"
"""How the names of connections that hold replays begin."""
_CREDENTIALS: Final = frozenset(
    (
        "apikey",
        "secret",
        "password",
        "uid",
        "privatekey",
        "walletaddress",
        "token",
        "login",
        "twofa",
    )
)
"""Names of ccxt's credentials, in lower case."""
_SYMBOL: Final = re.compile(r"[A-Z0-9.$]{1,24}/[A-Z0-9.$]{1,24}(:[A-Z0-9.$-]{1,32})?")


def check_draft(draft: ConnectionDraft) -> None:
    """Check what a trader gives. Raises ConfigError that says what was expected and found."""
    if not _NAME.fullmatch(draft.name):
        raise ConfigError(
            f"{draft.name!r} is no name for a connection: expected up to 40 letters, digits, - "
            "and _, the first a letter or digit"
        )
    if draft.name.lower().startswith(_REPLAY_PREFIX):
        raise ConfigError(
            f"names that begin with {_REPLAY_PREFIX} are kept for replays: choose another"
        )
    _check_exchange(draft.exchange)
    _check_overlay(draft.ccxt_config)
    for symbol in draft.symbols:
        if not _SYMBOL.fullmatch(symbol):
            raise ConfigError(
                f"{symbol!r} is no symbol: expected BASE/QUOTE in capitals like BTC/USDT, for a "
                "swap BASE/QUOTE:SETTLE like BTC/USDT:USDT"
            )
    if draft.symbols_filter:
        _check_filter(draft.exchange, draft.symbols_filter)
    if not draft.symbols and not draft.symbols_filter:
        raise ConfigError("no symbol was given; say --symbols BTC/USDT,ETH/USDT")
    if len(set(draft.symbols)) < len(draft.symbols):
        raise ConfigError(f"a symbol is given twice in {','.join(draft.symbols)}")
    try:
        timeframe_ms(draft.timeframe)
    except ValueError as error:
        raise ConfigError(str(error)) from error
    if draft.exchange == SIMULATED_EXCHANGE and (
        draft.mode is not Mode.PAPER or draft.timeframe != "1m"
    ):
        raise ConfigError("the simulated exchange trades on paper only, on 1m candles")


def _check_exchange(exchange: str) -> None:
    if exchange == SIMULATED_EXCHANGE or is_known_exchange(exchange):
        return
    similar = nearest(exchange)
    hint = f"; did you mean {' or '.join(similar)}?" if similar else ""
    raise ConfigError(f"ccxt knows no exchange called {exchange!r}{hint}")


def _check_filter(exchange: str, text: str) -> None:
    """Check a symbol filter; which symbols it chooses is known once the markets are loaded."""
    from cts_tui.exchange.symbol_filter import parse_filter

    if exchange == SIMULATED_EXCHANGE:
        raise ConfigError("the simulated exchange has no symbols to choose from: list them")
    parse_filter(text)


def _check_overlay(overlay: dict[str, Any] | None) -> None:
    """Refuse credentials in a ccxt overlay: it is kept in plain text (S10)."""
    found = sorted(set(_keys(overlay)) & _CREDENTIALS)
    if found:
        raise ConfigError(
            f"--ccxt-config holds {', '.join(found)}: credentials do not belong there, it is kept "
            "in plain text; take them out and give them with --credentials-stdin"
        )


def _keys(value: Any) -> Iterator[str]:
    """Yield every key in nested JSON, in lower case."""
    if isinstance(value, dict):
        for key, inner in value.items():
            yield key.lower()
            yield from _keys(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _keys(inner)
