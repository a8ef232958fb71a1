"""What becomes of the signals behind orders whose outcome is not known at once."""

from collections.abc import Callable
from typing import Final

from cts_tui.engine.context import EngineContext
from cts_tui.engine.requests import Request
from cts_tui.engine.settlement import record_fate
from cts_tui.engine.working import Working
from cts_tui.model.trading import OrderStatus, SignalStatus

_UNSURE: Final = (OrderStatus.INTENT, OrderStatus.SUBMITTING, OrderStatus.UNKNOWN)


class Fates:
    """The requests that wait for what the resolver finds of their orders."""

    def __init__(
        self, context: EngineContext, on_accepted: Callable[[Request, Working], None]
    ) -> None:
        """`on_accepted` hears of requests whose orders had arrived after all."""
        self._context = context
        self._on_accepted = on_accepted
        self._waiting: dict[str, tuple[Request, Working]] = {}

    def wait(self, request: Request, working: Working) -> None:
        """Keep a request until it is known whether its order arrived."""
        self._waiting[working.order.client_order_id] = (request, working)

    def tell(self) -> None:
        """Give the signals their fate whose orders are known by now."""
        for key, (request, working) in list(self._waiting.items()):
            order = working.order
            if order.status in _UNSURE:
                continue
            del self._waiting[key]
            if order.status is OrderStatus.REJECTED:
                record_fate(self._context, request, SignalStatus.REFUSED, order.answer)
            else:
                self._on_accepted(request, working)
