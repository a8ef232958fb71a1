"""An exchange on the loopback address that speaks Binance's dialect, for tests and trials."""

from tests.loopback.exchange import LoopbackExchange

__all__ = ["LoopbackExchange"]
