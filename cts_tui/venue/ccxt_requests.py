"""An order of ours → the arguments of ccxt's `create_order`, in the unified words of ccxt."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Final

from cts_tui.model.instrument import Instrument
from cts_tui.model.money import money_text
from cts_tui.model.records import Order
from cts_tui.model.trading import MarketType, OrderPurpose, OrderType, Side, TimeInForce
from cts_tui.venue.ccxt_abilities import Abilities

_TRIGGER_IDS: Final = {"okx": "algoClOrdId", "okxus": "algoClOrdId", "myokx": "algoClOrdId"}
"""Where a trigger order takes its client order id by another name, and ccxt does not turn it."""
_LISTINGS: Final[Mapping[str, tuple[dict[str, Any], ...]]] = {
    "okx": ({"trigger": True, "ordType": "conditional"}, {"trigger": True}),
}
"""What lists all trigger orders, where `trigger: True` alone does not."""
_CANCELS: Final[Mapping[tuple[str, MarketType], dict[str, Any]]] = {
    ("bybit", MarketType.SPOT): {"orderFilter": "tpslOrder"},
}
FETCH_ORDER: Final[Mapping[str, dict[str, Any]]] = {"bybit": {"acknowledged": True}}
"""What ccxt wants to hear before it fetches an order by id."""


class UnsendableError(Exception):
    """An order that this venue cannot take: refuse it, nothing was sent."""


@dataclass(frozen=True, slots=True)
class MarginSetting:
    """What a symbol was prepared with; None where it was not."""

    leverage: int | None = None
    margin_mode: str | None = None


@dataclass(frozen=True, slots=True)
class WireOrder:
    """The arguments of `create_order`: amounts in contracts, as ccxt counts."""

    symbol: str
    type: str
    side: str
    amount: float
    price: float | None
    params: dict[str, Any] = field(default_factory=dict)

    @property
    def args(self) -> tuple[Any, ...]:
        """The positional arguments."""
        return (self.symbol, self.type, self.side, self.amount, self.price)


def is_trigger(order: Order) -> bool:
    """Return whether an order waits beside the book until its price is touched."""
    return order.type in (OrderType.STOP, OrderType.TAKE_PROFIT)


def wire_order(
    order: Order,
    instrument: Instrument,
    abilities: Abilities,
    *,
    exchange: str,
    wire_id: str,
    is_hedged: bool,
    setting: MarginSetting,
) -> WireOrder:
    """Return what to send. Raises UnsendableError for what the exchange has no words for."""
    if order.quantity is None:
        raise UnsendableError("an exchange's order needs a quantity, this one has only a cost")
    is_swap = instrument.market is MarketType.SWAP
    params: dict[str, Any] = {"clientOrderId": wire_id}
    if order.type is OrderType.LIMIT and order.time_in_force is TimeInForce.IOC:
        params["timeInForce"] = "IOC"
    if is_trigger(order):
        params |= _trigger_params(order, abilities, is_swap=is_swap)
        if exchange in _TRIGGER_IDS:
            params[_TRIGGER_IDS[exchange]] = wire_id
    if is_swap:
        params |= _swap_params(order, abilities, setting, is_hedged=is_hedged)
    is_limit = order.type is OrderType.LIMIT
    return WireOrder(
        order.symbol,
        "limit" if is_limit else "market",
        order.side.value,
        exactly(order.quantity / instrument.contract_size, "quantity"),
        exactly(order.price, "price") if is_limit and order.price is not None else None,
        params,
    )


def exactly(value: Decimal, what: str) -> float:
    """Return a float that reads back as `value`. Raises UnsendableError where there is none."""
    number = float(value)
    if Decimal(repr(number)) != value:
        raise UnsendableError(
            f"the {what} {money_text(value)} has more digits than can be sent exactly"
        )
    return number


def trigger_listings(exchange: str, abilities: Abilities) -> tuple[dict[str, Any], ...]:
    """Return the parameters with which trigger orders are listed; none where they are not apart."""
    if not abilities.lists_triggers_apart:
        return ()
    return _LISTINGS.get(exchange, ({"trigger": True},))


def cancel_params(
    exchange: str, market: MarketType, order: Order, abilities: Abilities
) -> dict[str, Any]:
    """Return the parameters with which an order is cancelled (note 10)."""
    if not is_trigger(order) or not abilities.lists_triggers_apart:
        return {}
    return _CANCELS.get((exchange, market), {"trigger": True})


def can_cancel_by_name(exchange: str, order: Order, abilities: Abilities) -> bool:
    """Return whether ccxt cancels an order whose id at the venue is not known."""
    is_named_apart = is_trigger(order) and exchange in _TRIGGER_IDS
    return abilities.cancels_by_client_id and not is_named_apart


def _trigger_params(order: Order, abilities: Abilities, *, is_swap: bool) -> dict[str, Any]:
    is_stop = order.type is OrderType.STOP
    key = abilities.stop_key if is_stop else abilities.target_key
    word = "stop" if is_stop else "target"
    if not key or order.price is None:
        raise UnsendableError(f"a {word} cannot rest at this exchange")
    if is_swap and not order.reduce_only:
        raise UnsendableError(f"a {word} that opens a position is not sent: it must reduce only")
    params: dict[str, Any] = {key: exactly(order.price, "price")}
    if key == "triggerPrice" and abilities.names_direction:
        rises = (order.side is Side.BUY) == is_stop
        params["triggerDirection"] = "ascending" if rises else "descending"
    return params


def _swap_params(
    order: Order, abilities: Abilities, setting: MarginSetting, *, is_hedged: bool
) -> dict[str, Any]:
    params: dict[str, Any] = {}
    if order.reduce_only or (is_hedged and order.purpose is not OrderPurpose.ENTRY):
        params["reduceOnly"] = True
    if is_hedged:
        params["hedged"] = True
    if abilities.takes_margin_mode and setting.margin_mode:
        params["marginMode"] = setting.margin_mode
    if abilities.takes_leverage and setting.leverage:
        params["leverage"] = setting.leverage
    return params
