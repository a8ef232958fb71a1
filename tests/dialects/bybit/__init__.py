"""Bybit's v5 dialect on loopback: REST, public and private websockets, one unified account."""

from tests.dialects.bybit.exchange import BybitExchange

__all__ = ["BybitExchange"]
