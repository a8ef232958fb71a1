"""Table of what the exchange answers: method and path to handler, access and weight."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tests.loopback.exchange import LoopbackExchange

Params = dict[str, str]
Handler = Callable[["LoopbackExchange", Params], Any]
OPEN, KEYED, SIGNED = "open", "keyed", "signed"


@dataclass(frozen=True, slots=True)
class Route:
    """How one endpoint is served."""

    handler: Handler
    access: str = OPEN
    weight: int = 1
    trades: bool = False
    """Whether it needs the right to trade and counts as an order."""


class Routes:
    """The endpoints of one part of the dialect, below a prefix."""

    def __init__(self, prefix: str) -> None:
        self.prefix = prefix
        self.table: dict[tuple[str, str], Route] = {}

    def add(
        self,
        method: str,
        path: str,
        handler: Handler,
        *,
        access: str = OPEN,
        weight: int = 1,
        trades: bool = False,
    ) -> None:
        """Serve `method prefix/path` by a handler."""
        key = (method, f"{self.prefix}/{path}")
        self.table[key] = Route(handler, access, weight, trades)

    def private(
        self, method: str, path: str, handler: Handler, *, weight: int = 1, trades: bool = False
    ) -> None:
        """Serve a signed endpoint."""
        self.add(method, path, handler, access=SIGNED, weight=weight, trades=trades)
