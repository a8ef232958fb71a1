"""Builds the ccxt client of a session: class, overlay, addresses, bounds. Runs in a thread."""

import logging
import ssl
from collections.abc import Callable, Mapping
from decimal import localcontext
from functools import cache, wraps
from typing import Any, Final

from cts_tui.errors import ConfigError, CtsError
from cts_tui.exchange.answers import Listener, strict_class
from cts_tui.exchange.fault_text import clean
from cts_tui.exchange.loader import load_exchange
from cts_tui.exchange.overlay import apply_addresses, merged, without_addresses
from cts_tui.model.trading import MarketType, Mode

TIMEOUT_MS: Final = 10_000
_CACHED: Final = {"OHLCVLimit": 1000, "tradesLimit": 1000, "ordersLimit": 1000}
"""Bounds of what ccxt.pro keeps per symbol (note 11)."""
_KEPT_TYPES: Final = {
    MarketType.SPOT: frozenset({"spot"}),
    MarketType.SWAP: frozenset({"swap", "linear", "contract"}),
}
_LOGGER: Final = logging.getLogger("cts_tui.exchange.ccxt")
"""ccxt's own messages hold headers and bodies with keys: they go nowhere (S10)."""


def build_client(
    exchange: str,
    *,
    mode: Mode,
    market: MarketType,
    overlay: Mapping[str, Any],
    listener: Listener,
) -> Any:
    """Return a client without keys, its addresses set. Raises ConfigError for a bad overlay."""
    _LOGGER.setLevel(logging.CRITICAL + 1)
    exchange_class = strict_class(load_exchange(exchange), listener)
    options: dict[str, Any] = {**_CACHED, "defaultType": market.value}
    if market is MarketType.SWAP:
        options["defaultSubType"] = "linear"
    base = {"timeout": TIMEOUT_MS, "enableRateLimit": True, "logger": _LOGGER, "options": options}
    config = merged(base, without_addresses(overlay))
    _refuse_unknown(exchange_class(base), overlay)
    try:
        client = exchange_class(config)
        apply_addresses(client, overlay, is_testnet=mode is Mode.TESTNET)
    except CtsError:
        raise
    except Exception as error:  # noqa: BLE001 - an overlay can break a constructor in any way
        message = f"{exchange}: the ccxt overlay does not fit: {clean(str(error))}"
        raise ConfigError(message) from None
    given = overlay.get("options")
    if not (isinstance(given, Mapping) and "fetchMarkets" in given):
        restrict_markets(client, market)
    client.decimal_to_precision = in_own_context(client.decimal_to_precision)
    client.ssl_context = _tls(client.cafile) if client.verify else client.verify
    if not _is_encrypted(client.urls.get("api")):
        client.timeout_on_exit = 0
    return client


def in_own_context(to_precision: Callable[..., str]) -> Callable[..., str]:
    """Let ccxt round in a decimal context of its own: it sets rounding and traps of the thread's.

    From its first order on, our own figures would else be rounded half-up, and tiny ones raise.
    """

    @wraps(to_precision)
    def apart(*arguments: Any, **named: Any) -> str:
        with localcontext():
            return to_precision(*arguments, **named)

    return apart


def _refuse_unknown(plain: Any, overlay: Mapping[str, Any]) -> None:
    """Refuse what ccxt has no use for where no address is given beside it.

    A `urls` that lies too deep would let orders go to the real exchange. Raises ConfigError.
    """
    unknown = sorted(key for key in overlay if not hasattr(plain, key))
    if unknown and not {"urls", "hostname"} & overlay.keys():
        raise ConfigError(
            f"the ccxt overlay has {', '.join(unknown)}, which ccxt does not know: expected keys "
            "of its constructor like urls, options, headers, httpsProxy"
        )


def restrict_markets(client: Any, market: MarketType) -> None:
    """Let `load_markets` ask for one market type only, where the exchange has that option."""
    option = client.options.get("fetchMarkets")
    if isinstance(option, Mapping) and option.get("types"):
        types = _restricted(option["types"], _KEPT_TYPES[market])
        client.options["fetchMarkets"] = {**option, "types": types}
    elif isinstance(option, list):
        client.options["fetchMarkets"] = _restricted(option, _KEPT_TYPES[market])


def _restricted(types: Any, kept: frozenset[str]) -> Any:
    """Return `types`, a list or a mapping to bool, without what is not kept; all if none would be.

    Example for spot: `["spot", "linear"]` → `["spot"]`, `{"spot": True, "swap": {"linear": True}}`
    → `{"spot": True, "swap": {"linear": False}}`.
    """
    if isinstance(types, list):
        return [name for name in types if name in kept] or types
    if not isinstance(types, Mapping) or not kept & types.keys():
        return types
    return {name: value if name in kept else _off(value) for name, value in types.items()}


def _off(value: Any) -> Any:
    return {key: _off(inner) for key, inner in value.items()} if isinstance(value, dict) else False


def _is_encrypted(addresses: Any) -> bool:
    if isinstance(addresses, Mapping):
        return any(_is_encrypted(value) for value in addresses.values())
    return isinstance(addresses, str) and addresses.startswith(("https:", "wss:"))


@cache
def _tls(cafile: str) -> ssl.SSLContext:
    """Return the TLS settings for a CA file; reading it takes 20 ms."""
    return ssl.create_default_context(cafile=cafile)
