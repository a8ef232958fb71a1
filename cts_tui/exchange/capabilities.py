"""What an exchange can do, read from ccxt's `has`, `features` and `timeframes` without a call."""

from collections.abc import Iterator, Mapping
from types import CodeType, FunctionType
from typing import Any, Final

from cts_tui.exchange.loader import load_exchange
from cts_tui.exchange.permissions import tells_permissions
from cts_tui.model.capabilities import STREAMS, Capabilities
from cts_tui.model.trading import MarketType

_WATCHES: Final = dict(
    zip(
        STREAMS,
        (
            ("watchTicker", "watchTickers"),
            ("watchOHLCV",),
            ("watchOrderBook",),
            ("watchTrades",),
            ("watchOrders",),
            ("watchMyTrades",),
            ("watchPositions",),
        ),
        strict=True,
    )
)
_TIMES_IN_FORCE: Final = ("GTC", "IOC", "FOK", "PO", "GTD")
_SECONDS: Final = {"s": 1, "m": 60, "h": 3_600, "d": 86_400, "w": 604_800, "M": 2_592_000}
_LATER: Final = 10**9
_OTHER_CALLS: Final = ("parse", "fetch", "cancel", "handle", "edit", "watch", "sign")


def capabilities_of(exchange_id: str, market: MarketType) -> Capabilities:
    """Load an exchange and return what it can do. It takes 0.4 s: call it in a thread.

    Raises ConfigError when ccxt knows no such exchange.
    """
    return capabilities(load_exchange(exchange_id)({}), market)


def capabilities(client: Any, market: MarketType) -> Capabilities:
    """Return what a ccxt client (or class instance without keys) can do on a kind of market."""
    has: Mapping[str, Any] = client.has
    is_swap = market is MarketType.SWAP
    order = _order_features(client, market)
    has_stop = _offers(order, "stopLossPrice", "triggerPrice") or _any(
        has, "createStopOrder", "createTriggerOrder", "createStopLossOrder"
    )
    has_target = _offers(order, "takeProfitPrice") or _any(has, "createTakeProfitOrder")
    return Capabilities(
        exchange=str(client.id),
        market=market,
        has_market=_any(has, market),
        spot=_any(has, "spot"),
        swap=_any(has, "swap"),
        sandbox=_has_sandbox(client),
        streams=tuple(kind for kind, calls in _WATCHES.items() if _any(has, *calls)),
        order_types=_order_types(has, order, has_stop=has_stop, has_target=has_target),
        stop_orders=has_stop,
        take_profit_orders=has_target,
        attached_stops=_offers(order, "attachedStopLossTakeProfit", "stopLoss"),
        client_order_ids=takes_in_orders(type(client), "clientOrderId"),
        amend=_any(has, "editOrder"),
        reduce_only=is_swap and takes_in_orders(type(client), "reduceOnly"),
        times_in_force=_times_in_force(order),
        hedge_mode=is_swap and (_offers(order, "hedged") or _any(has, "setPositionMode")),
        leverage=is_swap and (_offers(order, "leverage") or _any(has, "setLeverage")),
        timeframes=tuple(sorted(client.timeframes or (), key=_length_s)),
        credentials=tuple(name for name, asks in client.requiredCredentials.items() if asks),
        tells_permissions=tells_permissions(str(client.id)),
    )


def takes_in_orders(client_class: type, parameter: str) -> bool:
    """Return whether the code that places orders reads a unified parameter such as
    `clientOrderId`: ccxt lists these nowhere, but their names stand in the compiled code.
    """
    return any(
        parameter in set(_constants(function.__code__))
        for kind in own_classes(client_class)
        for name, function in vars(kind).items()
        if isinstance(function, FunctionType)
        and "order" in name
        and not name.startswith(_OTHER_CALLS)
    )


def own_classes(client_class: type) -> list[type]:
    """Return the classes of an exchange itself, without those that every exchange shares."""
    return [
        kind
        for kind in client_class.__mro__
        if kind.__module__.startswith("ccxt.") and ".base." not in kind.__module__
    ]


def _constants(code: CodeType) -> Iterator[object]:
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from _constants(constant)
        elif isinstance(constant, str):
            yield constant
        elif isinstance(constant, tuple):
            yield from constant


def _order_features(client: Any, market: MarketType) -> Mapping[str, Any]:
    """Return ccxt's features of `createOrder` on a market, empty where it has none."""
    features = (client.features or {}).get(market) or {}
    if market is MarketType.SWAP:
        features = features.get("linear") or {}
    return features.get("createOrder") or {}


def _any(has: Mapping[str, Any], *calls: str) -> bool:
    """Return whether any of the calls is native; what ccxt emulates does not count."""
    return any(has.get(call) is True for call in calls)


def _offers(order: Mapping[str, Any], *names: str) -> bool:
    return any(bool(order.get(name)) for name in names)


def _order_types(
    has: Mapping[str, Any], order: Mapping[str, Any], *, has_stop: bool, has_target: bool
) -> tuple[str, ...]:
    offered = {
        "market": _any(has, "createMarketOrder"),
        "limit": _any(has, "createLimitOrder"),
        "stop": has_stop,
        "take profit": has_target,
        "trailing stop": _offers(order, "trailing"),
    }
    return tuple(name for name, is_offered in offered.items() if is_offered)


def _times_in_force(order: Mapping[str, Any]) -> tuple[str, ...]:
    offered = order.get("timeInForce") or {}
    return tuple(name for name in _TIMES_IN_FORCE if offered.get(name))


def _has_sandbox(client: Any) -> bool:
    """Return whether ccxt can switch to a testnet: to other addresses, or in a way of its own."""
    return bool(client.urls.get("test")) or any(
        "set_sandbox_mode" in vars(kind) for kind in own_classes(type(client))
    )


def _length_s(timeframe: str) -> tuple[int, str]:
    """Return how long a candle is, for sorting; what cannot be read comes last."""
    number, unit = timeframe[:-1], timeframe[-1:]
    if not number.isdigit() or unit not in _SECONDS:
        return _LATER, timeframe
    return int(number) * _SECONDS[unit], timeframe
