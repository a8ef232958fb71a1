"""What the venue's code asks of an exchange beyond its traits, read once from ccxt without a call.

From `features` and `has`, and, where these are silent, from whether the code that ccxt compiled
for a method names a parameter at all.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import CodeType
from typing import Any, Final

from cts_tui.exchange.capabilities import capabilities, own_classes
from cts_tui.model.trading import MarketType
from cts_tui.venue.venue import Traits

_ABSENCE_WINDOW_S: Final = 60.0
"""Receive windows are 5 to 60 s: a request that was held up so long is refused."""
_AMENDS_IN_PLACE: Final = {
    "binance": frozenset({MarketType.SWAP}),
    "binanceusdm": frozenset({MarketType.SWAP}),
    "bybit": frozenset(MarketType),
    "okx": frozenset(MarketType),
    "gate": frozenset(MarketType),
    "kraken": frozenset({MarketType.SPOT}),
}
"""Where ccxt's `edit_order` moves the order itself; elsewhere it may cancel and place anew."""
_LISTINGS: Final = (
    "fetch_open_orders",
    "fetch_orders",
    "fetch_canceled_and_closed_orders",
    "fetch_closed_orders",
    "fetch_canceled_orders",
)
_FINDERS: Final = ("fetch_order", "fetch_order_request", "fetch_spot_order", "fetch_contract_order")


@dataclass(frozen=True, slots=True)
class Abilities:
    """One exchange on one kind of market."""

    traits: Traits
    stop_key: str
    """Parameter of `create_order` that makes it a stop; empty where none can rest."""
    target_key: str
    names_direction: bool
    """Whether a trigger must say from which side it is reached."""
    lists_triggers_apart: bool
    fetches_triggers_apart: bool
    takes_margin_mode: bool
    takes_leverage: bool
    """Whether margin mode and leverage go with every order of a swap."""
    margin_mode_takes_leverage: bool
    leverage_takes_margin_mode: bool
    """Whether the one may be named where the other is set: elsewhere it would be refused."""
    buys_by_cost: bool
    """Whether a market buy on spot is sized in quote currency (note 7)."""
    finds_by_client_id: bool
    cancels_by_client_id: bool
    paged: frozenset[str]
    """The methods of ccxt that fetch all pages by themselves where they are told to."""
    open_orders_page: int | None
    ended_orders_page: int | None
    trades_page: int | None
    """How many rows one page holds, None where ccxt does not say."""
    trades_window_days: float | None
    """The longest time one request for trades may cover; None: the end cannot be given."""


def abilities_of(client: Any, market: MarketType) -> Abilities:
    """Return what a ccxt client can do on a kind of market."""
    can = capabilities(client, market)
    features = _features(client, market)
    creates = features.get("createOrder") or {}
    stop_key = _trigger_key(client, creates, "stopLossPrice", "createStopLossOrder")
    target_key = _trigger_key(client, creates, "takeProfitPrice", "createTakeProfitOrder")
    names_direction = creates.get("triggerDirection") is True
    if target_key == "triggerPrice" and not names_direction:
        target_key = ""  # the exchange would take it for a stop
    is_swap = market is MarketType.SWAP
    return Abilities(
        traits=Traits(
            has_stop=bool(stop_key),
            has_target=bool(target_key),
            can_amend=client.has.get("editOrder") is True
            and market in _AMENDS_IN_PLACE.get(str(client.id), ()),
            has_client_ids=can.client_order_ids,
            has_positions=is_swap,
            has_hedge_mode=can.hedge_mode,
            has_order_stream=client.has.get("watchOrders") is True,
            absence_window_s=_ABSENCE_WINDOW_S,
        ),
        stop_key=stop_key,
        target_key=target_key,
        names_direction=names_direction,
        lists_triggers_apart=_feature(features, "fetchOpenOrders", "trigger") is True,
        fetches_triggers_apart=_feature(features, "fetchOrder", "trigger") is True,
        takes_margin_mode=is_swap and creates.get("marginMode") is True,
        takes_leverage=is_swap and creates.get("leverage") is True,
        margin_mode_takes_leverage=_names(client, "leverage", "set_margin_mode"),
        leverage_takes_margin_mode=_names(client, "marginMode", "set_leverage"),
        buys_by_cost=not is_swap and _buys_by_cost(client),
        finds_by_client_id=_names(client, "clientOrderId", *_FINDERS),
        cancels_by_client_id=_names(client, "clientOrderId", "cancel_order"),
        paged=frozenset(name for name in _LISTINGS if _names(client, "paginate", name)),
        open_orders_page=_feature(features, "fetchOpenOrders", "limit"),
        ended_orders_page=_feature(features, "fetchOrders", "limit")
        or _feature(features, "fetchClosedOrders", "limit"),
        trades_page=_feature(features, "fetchMyTrades", "limit"),
        trades_window_days=_feature(features, "fetchMyTrades", "untilDays"),
    )


def _features(client: Any, market: MarketType) -> Mapping[str, Any]:
    features = (client.features or {}).get(market.value) or {}
    return (features.get("linear") or {}) if market is MarketType.SWAP else features


def _feature(features: Mapping[str, Any], method: str, name: str) -> Any:
    return (features.get(method) or {}).get(name)


def _trigger_key(client: Any, creates: Mapping[str, Any], key: str, method: str) -> str:
    """Return the parameter for a stop or a target: its own, else that of any trigger."""
    if creates:
        return next((name for name in (key, "triggerPrice") if creates.get(name)), "")
    if client.has.get(method) is True:
        return key
    return "triggerPrice" if client.has.get("createTriggerOrder") is True else ""


def _buys_by_cost(client: Any) -> bool:
    """Return whether ccxt asks for a price to turn the quantity of a market buy into a cost."""
    name = "createMarketBuyOrderRequiresPrice"
    options = client.options
    own = (options.get("createOrder") or {}) if isinstance(options.get("createOrder"), dict) else {}
    return bool(own.get(name, options.get(name, False)))


def _names(client: Any, word: str, *methods: str) -> bool:
    """Return whether an exchange's own code of a method names a parameter."""
    return any(
        word in _constants(vars(kind)[method].__code__)
        for kind in own_classes(type(client))
        for method in methods
        if hasattr(vars(kind).get(method), "__code__")
    )


def _constants(code: CodeType) -> Iterator[object]:
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from _constants(constant)
        elif isinstance(constant, tuple):
            yield from constant
        else:
            yield constant
    if "handle_margin_mode_and_params" in code.co_names:
        yield "marginMode"
