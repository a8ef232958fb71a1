"""What an exchange can do, as people read it."""

from typing import Any

from cts_tui.model.capabilities import STREAMS, Capabilities

Facts = dict[str, Any]


def capability_facts(able: Capabilities | None) -> Facts:
    """Return what an exchange can do on a kind of market, one fact a line; nothing for None."""
    if able is None:
        return {}
    by_rest = [kind for kind in STREAMS if kind not in able.streams]
    return {
        "markets": _listed(name for name in ("spot", "swap") if getattr(able, name)),
        "streams": _listed(able.streams) + (f" (by REST: {_listed(by_rest)})" if by_rest else ""),
        "order types": _listed(able.order_types),
        "orders": _listed(name for name, has in _orders(able).items() if has),
        "time in force": _listed(able.times_in_force),
        "timeframes": _listed(able.timeframes),
        "testnet": able.sandbox,
        "key needs": _listed(able.credentials),
        "key rights": "can be asked" if able.tells_permissions else "the exchange does not say",
    }


def _orders(able: Capabilities) -> dict[str, bool]:
    return {
        "stop at the venue": able.stop_orders,
        "take profit at the venue": able.take_profit_orders,
        "both with the entry": able.attached_stops,
        "client order ids": able.client_order_ids,
        "amend": able.amend,
        "reduce only": able.reduce_only,
        "hedge mode": able.hedge_mode,
        "leverage": able.leverage,
    }


def _listed(names: Any) -> str:
    return ", ".join(names) or "none"
