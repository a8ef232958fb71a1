"""What an exchange says of the funding of a swap: the rate, when it is paid, how often."""

from dataclasses import dataclass
from decimal import Decimal
from math import isfinite
from typing import Any, Final

from cts_tui.exchange.session import ExchangeSession
from cts_tui.model.market import timeframe_ms
from cts_tui.model.money import exact

_HUNDRED: Final = Decimal(100)


@dataclass(frozen=True, slots=True)
class FundingRate:
    """The funding of one swap."""

    rate_pct: Decimal
    """What longs pay to shorts (< 0: shorts to longs), in percent of the notional."""
    time_ms: int | None
    """One of its times, None where the exchange does not say."""
    interval_ms: int | None
    """Between two of them."""


async def funding_rate(session: ExchangeSession, symbol: str) -> FundingRate | None:
    """Return the funding of a swap, None where the exchange does not tell. Raises CtsError."""
    if not session.has("fetchFundingRate"):
        return None
    told = await session.call("fetch_funding_rate", symbol)
    return _read(told) if isinstance(told, dict) else None


def _read(told: dict[str, Any]) -> FundingRate | None:
    rate, time_ms = told.get("fundingRate"), told.get("fundingTimestamp")
    if not isinstance(rate, int | float) or not isfinite(rate) or abs(rate) > 1:
        return None
    try:
        interval_ms = timeframe_ms(str(told.get("interval")))
    except ValueError:
        interval_ms = None
    is_time = isinstance(time_ms, int) and time_ms > 0
    return FundingRate(exact(rate) * _HUNDRED, time_ms if is_time else None, interval_ms)
