"""What a trader can do about a fault, by what the fault says."""

import re
import socket
import ssl
from enum import StrEnum
from typing import Final

DEEPEST: Final = 8
_CUT: Final = {
    "ServerDisconnectedError",
    "ClientOSError",
    "ClientPayloadError",
    "ConnectionResetError",
}


class Layer(StrEnum):
    """Where a request got stuck."""

    DNS = "dns"
    CONNECT = "connect"
    TLS = "tls"
    PROXY = "proxy"
    PAGE = "page"
    """An answer came, but from something that stands in between."""
    TIMEOUT = "timeout"
    CUT = "cut"


_LAYERS_BY_TYPE: Final = ((ssl.SSLError, Layer.TLS), (socket.gaierror, Layer.DNS))
_LAYERS_BY_NAME: Final = (
    ("SSL", Layer.TLS),
    ("Certificate", Layer.TLS),
    ("DNS", Layer.DNS),
    ("ProxyConnection", Layer.PROXY),
    ("HttpProxy", Layer.PROXY),
    ("ClientConnectorError", Layer.CONNECT),
    ("ConnectionTimeout", Layer.CONNECT),
    ("RequestTimeout", Layer.TIMEOUT),
    ("TimeoutError", Layer.TIMEOUT),
    ("ServerDisconnected", Layer.CUT),
    ("ClientOSError", Layer.CUT),
    ("ClientPayload", Layer.CUT),
    ("ConnectionReset", Layer.CUT),
)
"""Words in the names of aiohttp's exceptions, the telling ones first."""
NETWORK_ADVICE: Final = {
    Layer.DNS: ("its name is not found (DNS)", "check the network, DNS and the address"),
    Layer.CONNECT: ("no connection", "check network, address and proxy"),
    Layer.TLS: (
        "no trusted TLS connection",
        "check the machine's clock and, behind a proxy, its CA (cafile in --ccxt-config)",
    ),
    Layer.PROXY: ("the proxy does not answer", "check the proxy in --ccxt-config"),
    Layer.PAGE: (
        "a web page came instead of an answer",
        "a proxy, firewall or login page stands in between",
    ),
    Layer.TIMEOUT: ("no answer in time", "trying again"),
    Layer.CUT: ("the connection was cut", "trying again"),
}
"""What is in the way, and what to do."""

_ACCESS: Final = (
    (
        r"requires \"(\w+)\" credential",
        "the credential {0} is missing: enter it with the key",
    ),
    (r"passphrase", "the passphrase is missing or wrong: enter the one given with the key"),
    (
        r"-2015|api-?key, ip,? or permission",
        "check the key, its list of allowed IP addresses and its permissions",
    ),
    (
        r"\bip\b|whitelist|unbound ip|ip address",
        "add this machine's IP address to those the key may be used from",
    ),
    (r"expire", "the key has expired: make a new one at the exchange"),
    (r"signature|\bsign\b|\bhmac\b|secret", "the secret does not fit the key: enter it again"),
    (
        r"permission|not authorized|right|scope|denied",
        "give the key the missing permission (reading, trading)",
    ),
    (r"suspend|frozen|disabled|locked", "the account is restricted: ask the exchange"),
    (r"", "the key is unknown there: check key, secret and mode (testnet keys are others)"),
)


def access_advice(text: str) -> str:
    """Return what to do about a refused key, by what the exchange said of it."""
    for pattern, advice in _ACCESS:
        found = re.search(pattern, text, re.IGNORECASE)
        if found:
            return advice.format(*found.groups())
    return ""


def causes(error: BaseException) -> list[BaseException]:
    """Return an exception and what it was raised from, or made of."""
    found: list[BaseException] = []
    following: BaseException | None = error
    while following is not None and following not in found and len(found) < DEEPEST:
        found.append(following)
        inner = following.args[0] if following.args else None
        made_of = inner if isinstance(inner, BaseException) else None
        following = following.__cause__ or made_of  # a context may be of another request
    return found


def layer_of(error: BaseException) -> Layer | None:
    """Return how far a request came, None where the exception does not tell."""
    chain = causes(error)
    for kind, layer in _LAYERS_BY_TYPE:
        if any(isinstance(one, kind) for one in chain):
            return layer
    names = " ".join(type(one).__name__ for one in chain)
    if "a web page" in str(error):
        return Layer.PAGE
    return next((layer for word, layer in _LAYERS_BY_NAME if word in names), None)
