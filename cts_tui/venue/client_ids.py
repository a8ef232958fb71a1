"""Client order ids as each exchange takes them, and the way back from the venue's ids to ours."""

import base64
import hashlib
import re
from collections import OrderedDict
from typing import Final

_REMEMBERED: Final = 10_000
_COMMON: Final = re.compile(r"[A-Za-z0-9_-]{1,36}")
_STRICTER: Final = {
    "okx": re.compile(r"[A-Za-z0-9]{1,32}"),
    "okxus": re.compile(r"[A-Za-z0-9]{1,32}"),
    "myokx": re.compile(r"[A-Za-z0-9]{1,32}"),
    "bitmart": re.compile(r"[A-Za-z0-9]{1,32}"),
    "kraken": re.compile(r"[A-Za-z0-9_-]{1,18}"),
    "gate": re.compile(r"[A-Za-z0-9_-]{1,26}"),
    "gateio": re.compile(r"[A-Za-z0-9_-]{1,26}"),
    "mexc": re.compile(r"[A-Za-z0-9_-]{1,32}"),
    "coinex": re.compile(r"[A-Za-z0-9_-]{1,32}"),
    "hyperliquid": re.compile(r"0x[0-9a-f]{32}"),
}
"""What an exchange takes where that is less than 36 characters of `[A-Za-z0-9_-]`."""
_HEXADECIMAL: Final = frozenset({"hyperliquid"})
_ADDED: Final = "t-"
"""What ccxt puts before an id for gate, and does not take away again."""


def wire_id(exchange: str, client_order_id: str) -> str:
    """Return the id to send: ours where the exchange takes it, else always the same short one."""
    if _STRICTER.get(exchange, _COMMON).fullmatch(client_order_id):
        return client_order_id
    digest = hashlib.sha256(client_order_id.encode()).digest()
    if exchange in _HEXADECIMAL:
        return "0x" + digest[:16].hex()
    return "cts" + base64.b32encode(digest)[:15].decode().lower()


class OrderNames:
    """Which of the venue's orders are ours. Kept for the last ten thousand names."""

    def __init__(self, exchange: str) -> None:
        self._exchange = exchange
        self._by_wire: OrderedDict[str, str] = OrderedDict()
        self._by_venue: OrderedDict[str, str] = OrderedDict()

    def wire(self, client_order_id: str) -> str:
        """Return the id that goes to the venue; from now on it is known as ours."""
        sent = wire_id(self._exchange, client_order_id)
        if sent != client_order_id:
            _remember(self._by_wire, sent, client_order_id)
        return sent

    def link(self, venue_order_id: str | None, client_order_id: str) -> None:
        """Note which of our orders an id of the venue stands for."""
        if venue_order_id and client_order_id:
            _remember(self._by_venue, venue_order_id, client_order_id)

    def ours(self, sent: str | None, venue_order_id: str | None = None) -> str:
        """Return our id of an order; else the client id that the venue tells, which may be ''."""
        known = self._by_venue.get(venue_order_id or "")
        if known is not None:
            return known
        plain = (sent or "").removeprefix(_ADDED) if self._exchange.startswith("gate") else sent
        return self._by_wire.get(plain or "", plain or "")


def _remember(names: OrderedDict[str, str], key: str, name: str) -> None:
    names[key] = name
    names.move_to_end(key)
    if len(names) > _REMEMBERED:
        names.popitem(last=False)
