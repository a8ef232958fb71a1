"""A connection's overlay (`--ccxt-config`) laid over a ccxt client; its addresses always win."""

from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import urlsplit, urlunsplit

from cts_tui.errors import ConfigError
from cts_tui.exchange.loader import ccxt_errors
from cts_tui.model.credentials import CCXT_NAMES

_SECRET_KEYS: Final = frozenset({*CCXT_NAMES.values(), "token", "twofa", "login"})
_REFUSED: Final = {
    "verbose": "it prints keys and signatures",
    "session": "it cannot be given as text",
    "maxRetriesOnFailure": "a repeated order is two orders",
}
"""Keys that an overlay may not set, and why; also where they stand among the options."""
_OWN: Final = frozenset(
    {
        "enableRateLimit",
        "rateLimit",
        "rateLimiterAlgorithm",
        "rollingWindowSize",
        "tokenBucket",
        "throttler",
        "asyncio_loop",
        "logger",
    }
)
"""Keys that are left out: the desk paces every request itself."""
_ADDRESSES: Final = ("api", "test", "demo", "demotrading")


def merged(base: Mapping[str, Any], over: Mapping[str, Any]) -> dict[str, Any]:
    """Return `over` laid on `base`, mappings merged at every depth."""
    result = dict(base)
    for key, value in over.items():
        beneath = result.get(key)
        if isinstance(value, Mapping) and isinstance(beneath, Mapping):
            result[key] = merged(beneath, value)
        else:
            result[key] = value
    return result


def checked(overlay: Mapping[str, Any] | None) -> dict[str, Any]:
    """Return what of an overlay is used. Raises ConfigError for what must not be in one."""
    given = dict(overlay or {})
    found = sorted(_SECRET_KEYS & {key for key, value in given.items() if value})
    if found:
        raise ConfigError(
            f"the ccxt overlay holds {', '.join(found)}: keys are not kept in plain text; "
            "give them with --credentials-stdin"
        )
    raw_options = given.get("options")
    options = raw_options if isinstance(raw_options, Mapping) else {}
    for key, reason in _REFUSED.items():
        if given.get(key) or options.get(key):
            raise ConfigError(f"the ccxt overlay sets {key}, which is refused: {reason}")
    timeout_ms = given.get("timeout", 1)
    if not isinstance(timeout_ms, int | float) or timeout_ms <= 0:
        raise ConfigError(f"the ccxt overlay's timeout is {timeout_ms!r}: expected milliseconds")
    left_out = _OWN | _REFUSED.keys() | _SECRET_KEYS
    return {key: value for key, value in given.items() if key not in left_out}


def without_addresses(overlay: Mapping[str, Any]) -> dict[str, Any]:
    """Return the overlay without its `urls`: they are laid over once the client stands."""
    return {key: value for key, value in overlay.items() if key != "urls"}


def apply_addresses(client: Any, overlay: Mapping[str, Any], *, is_testnet: bool) -> None:
    """Switch a client to its sandbox where asked, then lay the overlay's addresses over it.

    Raises ConfigError where the exchange has no sandbox and the overlay names no address.
    """
    urls = overlay.get("urls", {})
    if not isinstance(urls, Mapping):
        raise ConfigError('the ccxt overlay\'s "urls" is no object: expected {"api": …}')
    client.urls = _laid_over(client.urls, urls)
    if not is_testnet:
        return
    if not client.urls.get("test"):
        client.urls.pop("test", None)
    try:
        client.set_sandbox_mode(True)  # some have no address of their own, but a header
    except ccxt_errors().NotSupported:
        if "api" not in urls:
            raise ConfigError(
                f"{client.id} has no testnet in ccxt: use paper, or name an address in the overlay"
            ) from None
    for name in ("api", "test"):
        if name in urls:
            client.urls["api"] = rebased(client.urls.get("api"), urls[name])


def rebased(beneath: Any, over: Any) -> Any:
    """Return addresses with `over` laid on them; one string over many moves each to its host.

    `{"v1": "https://a/v1", "ws": "wss://a/ws"}` under `http://localhost:80` becomes
    `{"v1": "http://localhost:80/v1", "ws": "ws://localhost:80/ws"}`.
    """
    if isinstance(over, Mapping) and isinstance(beneath, Mapping):
        kept = dict(beneath)
        return kept | {key: rebased(kept.get(key), value) for key, value in over.items()}
    if isinstance(over, str) and isinstance(beneath, Mapping):
        return {key: _moved(value, over) for key, value in beneath.items()}
    return over


def address_of(urls: Mapping[str, Any]) -> str:
    """Return scheme and host of a client's first address, '' where there is none."""
    first: Any = urls.get("api")
    while isinstance(first, Mapping) and first:
        first = next(iter(first.values()))
    if not isinstance(first, str):
        return ""
    parts = urlsplit(first)
    return f"{parts.scheme}://{parts.netloc}"


def has_proxy(overlay: Mapping[str, Any]) -> bool:
    """Return whether an overlay sends requests through a proxy."""
    return any("proxy" in key.lower() and value for key, value in overlay.items())


def _laid_over(urls: Mapping[str, Any], over: Mapping[str, Any]) -> dict[str, Any]:
    addresses = {key: rebased(urls.get(key), over[key]) for key in _ADDRESSES if key in over}
    return merged(urls, over) | addresses


def _moved(beneath: Any, base: str) -> Any:
    """Return an address (or each of a mapping's) on the host of `base`, its path kept."""
    if isinstance(beneath, Mapping):
        return {key: _moved(value, base) for key, value in beneath.items()}
    if not isinstance(beneath, str):
        return beneath
    old, new = urlsplit(beneath), urlsplit(base)
    is_secure = new.scheme in ("https", "wss")
    plain = "wss" if is_secure else "ws"
    scheme = plain if old.scheme in ("ws", "wss") else ("https" if is_secure else "http")
    path = new.path.rstrip("/") + old.path
    return urlunsplit((scheme, new.netloc, path, old.query, ""))
