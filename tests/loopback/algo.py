"""Conditional futures orders: they wait beside the book and place an order when touched."""

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from itertools import count
from typing import Any

from tests.loopback.dialect import Refusal
from tests.loopback.orders import Order, is_touched
from tests.loopback.swap_account import SwapEngine

ALIVE = {"NEW"}


@dataclass(slots=True)
class AlgoOrder:
    """A stop, take profit or trailing stop of `/fapi/v1/algoOrder`."""

    symbol: str
    side: str
    type: str
    client_id: str
    quantity: Decimal
    trigger: Decimal | None
    price: Decimal | None = None
    time_in_force: str = "GTC"
    position_side: str = "BOTH"
    reduce_only: bool = False
    close_position: bool = False
    callback_pct: Decimal | None = None
    is_external: bool = False
    extreme: Decimal | None = None
    id: int = 0
    status: str = "NEW"
    order: Order | None = None
    reason: str = ""
    created_ms: int = 0
    updated_ms: int = 0
    triggered_ms: int = 0

    def as_record(self) -> dict[str, Any]:
        """Return what the control port shows of it."""
        return {
            "algo_id": self.id,
            "client_id": self.client_id,
            "symbol": self.symbol,
            "side": self.side,
            "type": self.type,
            "status": self.status,
            "quantity": str(self.quantity),
            "trigger": None if self.trigger is None else str(self.trigger),
            "reduce_only": self.reduce_only,
            "close_position": self.close_position,
            "order_id": self.order.id if self.order else None,
        }


class AlgoBook:
    """Every conditional order of the account."""

    def __init__(self, engine: SwapEngine) -> None:
        self.engine = engine
        self.orders: dict[int, AlgoOrder] = {}
        self.heard: list[Callable[[AlgoOrder], None]] = []
        self._ids = count(3_000_001)
        engine.trigger = self.trigger  # type: ignore[method-assign]

    def place(self, order: AlgoOrder) -> AlgoOrder:
        """Accept a conditional order. Raises Refusal."""
        engine = self.engine
        if any(other.client_id == order.client_id for other in self.orders.values()):
            raise Refusal(-4116, "ClientOrderId is duplicated.")
        quote = engine.market.quote(order.symbol)
        if quote.listing.status["swap"] != "TRADING":
            raise Refusal(-4140, "Invalid symbol status for opening position.")
        for value, step in ((order.trigger, quote.listing.tick), (order.price, quote.listing.tick)):
            if value is not None and (value <= 0 or value % step):
                raise Refusal(-1111, "Precision is over the maximum defined for this asset.")
        if order.quantity % quote.listing.step:
            raise Refusal(-1111, "Precision is over the maximum defined for this asset.")
        if not order.close_position and order.quantity <= 0:
            raise Refusal(-4003, "Quantity less than zero.")
        if engine.is_hedge_mode != (order.position_side != "BOTH"):
            raise Refusal(-4061, "Order's position side does not match user's setting.")
        if self._is_touched(order):
            raise Refusal(-2021, "Order would immediately trigger.")
        order.id = next(self._ids)
        order.created_ms = order.updated_ms = engine.market.clock.now_ms()
        self.orders[order.id] = order
        self._tell(order, "NEW")
        return order

    def cancel(self, order: AlgoOrder) -> AlgoOrder:
        """Cancel a waiting order. Raises Refusal when it does not wait."""
        if order.status not in ALIVE:
            raise Refusal(-2011, "Unknown order sent.")
        self._tell(order, "CANCELED")
        return order

    def find(self, *, algo_id: str | None, client_id: str | None) -> AlgoOrder:
        """Return a conditional order. Raises Refusal."""
        for order in self.orders.values():
            if str(order.id) == algo_id or (algo_id is None and order.client_id == client_id):
                return order
        raise Refusal(-2013, "Order does not exist.")

    def open_orders(self, symbol: str | None = None) -> list[AlgoOrder]:
        """Return what waits, oldest first."""
        return [
            order
            for order in self.orders.values()
            if order.status in ALIVE and symbol in {None, order.symbol}
        ]

    def trigger(self, symbol: str) -> None:
        """Place the orders whose trigger the last price touches."""
        for order in self.open_orders(symbol):
            if order.status in ALIVE and self._is_touched(order):
                self._place_real(order)

    def on_order(self, kind: str, order: Order) -> None:
        """Finish a conditional order whose real one ended; expire close-alls of an empty side."""
        for waiting in self.orders.values():
            ended = kind in {"CANCELED", "EXPIRED"} or order.status == "FILLED"
            if waiting.order is order and waiting.status == "TRIGGERED" and ended:
                self._tell(waiting, "FINISHED")
        if kind == "TRADE" and not self.engine.position(order.symbol, order.position_side).amount:
            for waiting in self.open_orders(order.symbol):
                if waiting.close_position and waiting.position_side == order.position_side:
                    self._tell(waiting, "EXPIRED")

    def _place_real(self, order: AlgoOrder) -> None:
        order.triggered_ms = self.engine.market.clock.now_ms()
        self._tell(order, "TRIGGERING")
        reduces = order.reduce_only or order.close_position
        real = Order(
            symbol=order.symbol,
            side=order.side,
            type="MARKET" if order.price is None else "LIMIT",
            quantity=order.quantity,
            client_id=order.client_id,
            price=order.price,
            time_in_force=order.time_in_force,
            reduce_only=reduces and order.position_side == "BOTH",
            position_side=order.position_side,
            is_external=order.is_external,
            original_type=order.type,
        )
        if order.close_position:
            real.quantity = self.engine.reducible(real)
        if order.close_position and not real.quantity:
            order.reason = "ReduceOnly Order is rejected."
            self._tell(order, "EXPIRED")
            return
        order.order = real
        try:
            order.status = "TRIGGERED"
            self.engine.place(real)
        except Refusal as refusal:
            order.order = None
            order.reason = refusal.message
            self._tell(order, "EXPIRED" if refusal.code == -2022 else "REJECTED")
            return
        if order.status == "TRIGGERED":
            self._tell(order, "TRIGGERED" if real.is_alive else "FINISHED")

    def _is_touched(self, order: AlgoOrder) -> bool:
        last = self.engine.market.quote(order.symbol).last
        if order.callback_pct is None:
            return order.trigger is not None and is_touched(
                order.type, order.side, order.trigger, last
            )
        sells = order.side == "SELL"
        activated = order.trigger is None or order.extreme is not None
        if not activated and order.trigger is not None:
            activated = last >= order.trigger if sells else last <= order.trigger
        if not activated:
            return False
        pick = max if sells else min
        order.extreme = last if order.extreme is None else pick(order.extreme, last)
        gap = order.extreme * order.callback_pct / 100
        return last <= order.extreme - gap if sells else last >= order.extreme + gap

    def _tell(self, order: AlgoOrder, status: str) -> None:
        order.status = status
        order.updated_ms = self.engine.market.clock.now_ms()
        for hear in self.heard:
            hear(order)
