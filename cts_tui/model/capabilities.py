"""What an exchange can do on one kind of market, as ccxt knows it: no call, no key needed."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any, Final

from cts_tui.model.trading import MarketType

STREAMS: Final = ("ticker", "candles", "order book", "trades", "orders", "fills", "positions")
"""The kinds of stream, in the order in which they are shown."""


@dataclass(frozen=True, slots=True)
class Capabilities:
    """One exchange, one kind of market. False also where ccxt does not know."""

    exchange: str
    market: MarketType
    has_market: bool
    """Whether the exchange has this kind of market at all."""
    spot: bool
    swap: bool
    sandbox: bool
    """Whether there is a testnet that ccxt can switch to."""
    streams: tuple[str, ...]
    """Those of STREAMS that come by websocket; the rest is asked for by REST."""
    order_types: tuple[str, ...]
    """Of market, limit, stop, take profit, trailing stop."""
    stop_orders: bool
    """Whether a stop can rest at the venue (S6)."""
    take_profit_orders: bool
    attached_stops: bool
    """Whether stop and target can be sent together with the entry."""
    client_order_ids: bool
    amend: bool
    """Whether a resting order can be moved in place."""
    reduce_only: bool
    times_in_force: tuple[str, ...]
    """Of GTC, IOC, FOK, PO (post only), GTD."""
    hedge_mode: bool
    leverage: bool
    timeframes: tuple[str, ...]
    """Candles that the exchange has, the shortest first."""
    credentials: tuple[str, ...]
    """What a key consists of, as ccxt spells it: `apiKey`, `secret`, `password` …"""
    tells_permissions: bool
    """Whether the exchange can be asked what a key may do."""

    def to_json(self) -> dict[str, Any]:
        """Return plain values by field, lists for tuples."""
        values = {field.name: getattr(self, field.name) for field in fields(self)}
        return {
            name: list(value) if isinstance(value, tuple) else value
            for name, value in values.items()
        }

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> "Capabilities":
        """Return what `to_json` gave. Raises KeyError or ValueError for anything else."""
        known = {field.name: values[field.name] for field in fields(cls)}
        known |= {name: tuple(value) for name, value in known.items() if isinstance(value, list)}
        return cls(**known | {"market": MarketType(values["market"])})
