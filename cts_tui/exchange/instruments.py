"""ccxt's market dicts → `Instrument`: exact steps for every precision mode, amounts in base."""

from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from typing import Any, Final

from cts_tui.model.instrument import Instrument
from cts_tui.model.trading import MarketType

DECIMAL_PLACES: Final = 2
SIGNIFICANT_DIGITS: Final = 3
TICK_SIZE: Final = 4
"""ccxt's precision modes, `ccxt.base.decimal_to_precision`."""


def instruments_of(
    markets: Mapping[str, Any], market: MarketType, precision_mode: int
) -> dict[str, Instrument]:
    """Return the instruments of one market type by symbol; inverse swaps are left out.

    A market that cannot be read is left out too: one bad entry costs only itself.
    """
    found = {}
    for symbol, entry in markets.items():
        instrument = instrument_of(entry, market, precision_mode)
        if instrument is not None and instrument.is_linear:
            found[symbol] = instrument
    return found


def instrument_of(
    entry: Mapping[str, Any], market: MarketType, precision_mode: int
) -> Instrument | None:
    """Return one market's instrument, None where it is of another type or says too little.

    `precision_mode` is ccxt's of the exchange. Example: a swap with contract size 0.01 and an
    amount step of 1 contract has an `amount_step` of 0.01 base.
    """
    symbol, base, quote = entry.get("symbol"), entry.get("base"), entry.get("quote")
    if not (symbol and base and quote) or not _is_of(entry, market):
        return None
    size = Decimal(1)
    if market is MarketType.SWAP:
        size = _positive(entry.get("contractSize")) or Decimal(1)
    precision, limits = entry.get("precision") or {}, entry.get("limits") or {}
    amounts, costs = limits.get("amount") or {}, limits.get("cost") or {}
    return Instrument(
        symbol=symbol,
        market=market,
        base=base,
        quote=quote,
        settle=entry.get("settle") or quote,
        is_active=entry.get("active") is not False,
        is_linear=market is MarketType.SPOT or entry.get("linear") is True,
        contract_size=size,
        amount_step=_times(step_of(precision.get("amount"), precision_mode), size),
        price_step=step_of(precision.get("price"), precision_mode),
        min_amount=_times(_positive(amounts.get("min")), size),
        max_amount=_times(_positive(amounts.get("max")), size),
        min_cost=_positive(costs.get("min")),
        max_cost=_positive(costs.get("max")),
        maker_fee_pct=_percent(entry, "maker"),
        taker_fee_pct=_percent(entry, "taker"),
    )


def step_of(precision: Any, mode: int) -> Decimal | None:
    """Return the step that ccxt's precision means, None where there is no fixed one.

    Decimal places: 3 → 0.001, -1 → 10. Tick size: 0.5 → 0.5. Significant digits have no step.
    """
    if precision is None or isinstance(precision, bool) or mode == SIGNIFICANT_DIGITS:
        return None
    if mode == TICK_SIZE:
        return _positive(precision)
    number = _number(precision)
    if number is None or number != number.to_integral_value() or abs(number) > 30:
        return None
    return Decimal(1).scaleb(-int(number))


def _is_of(entry: Mapping[str, Any], market: MarketType) -> bool:
    if market is MarketType.SPOT:
        return bool(entry.get("spot"))
    return bool(entry.get("swap"))


def _number(value: Any) -> Decimal | None:
    """Return a finite number as Decimal: floats by their shortest representation."""
    if value is None or isinstance(value, bool):
        return None
    try:
        number = Decimal(str(value))
    except InvalidOperation:
        return None
    return number if number.is_finite() else None


def _positive(value: Any) -> Decimal | None:
    number = _number(value)
    return number if number is not None and number > 0 else None


def _times(value: Decimal | None, size: Decimal) -> Decimal | None:
    return None if value is None else value * size


def _percent(entry: Mapping[str, Any], key: str) -> Decimal | None:
    """Return a fee in percent; ccxt's is a fraction unless it says `percentage: False`."""
    fee = _number(entry.get(key))
    return None if fee is None or entry.get("percentage") is False else fee * 100
