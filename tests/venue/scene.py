"""A loopback floor whose next order can be made to go wrong, and the exchange's truth beside it."""

from typing import Any

from tests.loopback import LoopbackExchange

from .floors import CcxtFloor

ROUTES = {"spot": "POST /api/v3/order", "swap": "POST /fapi/v1/order"}
EVERYWHERE = ("order", "open orders", "closed orders", "trades")


class Scene:
    """A floor, and the exchange behind it."""

    def __init__(self, floor: CcxtFloor, market: str) -> None:
        assert floor.exchange is not None
        self.floor = floor
        self.venue = floor.venue
        self.exchange: LoopbackExchange = floor.exchange
        self.route = ROUTES[market]

    def fail(self, kind: str, **settings: Any) -> None:
        """Have the next order go wrong."""
        self.exchange.faults.add(self.route, kind, **settings)

    @property
    def sent(self) -> int:
        """How many orders reached the exchange's door."""
        return len(self.exchange.journal.requests(self.route))

    @property
    def accepted(self) -> list[str]:
        """Client order ids of what the exchange has."""
        return [order.client_id for order in self.exchange.accepted]
