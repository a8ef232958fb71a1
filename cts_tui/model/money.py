"""Money arithmetic in Decimal: the one definition of price conversion, slippage, fee and PnL.

Used by the paper venue, the live positions and the backtest alike, so that they agree.
"""

from decimal import ROUND_HALF_EVEN, Context, Decimal
from typing import Final

from cts_tui.model.trading import Direction

ZERO: Final = Decimal(0)
_HUNDRED: Final = Decimal(100)
_STEP: Final = Decimal("1e-12")
"""Money and quantities are kept to twelve decimals: finer than any venue's step."""
_PRICE_STEP: Final = Decimal("1e-18")
"""Computed prices keep eighteen: a position may hold millions of a coin that costs a millionth."""
_WIDE: Final = Context(prec=48, rounding=ROUND_HALF_EVEN)


def exact(value: float) -> Decimal:
    """Return the shortest decimal that reads back as `value`: 81804.9 → Decimal('81804.9')."""
    return Decimal(repr(float(value)))


def round_money(amount: Decimal) -> Decimal:
    """Return `amount` rounded half-even to twelve decimals."""
    return _WIDE.quantize(amount, _STEP)


def round_price(price: Decimal) -> Decimal:
    """Return `price` rounded half-even to eighteen decimals."""
    return _WIDE.quantize(price, _PRICE_STEP)


def money_text(amount: Decimal) -> str:
    """Return `amount` in plain digits, no exponent, no trailing zeros: Decimal('1.50') → `1.5`."""
    if not amount:
        return "0"
    return f"{amount.normalize(_WIDE):f}"


def slip(price: Decimal, slippage_pct: Decimal, *, is_buy: bool) -> Decimal:
    """Return `price` moved against the trader: up when buying, down when selling.

    100 at 0.5 % → 100.5 for a buy, 99.5 for a sell.
    """
    if not slippage_pct:
        return price
    move = slippage_pct / _HUNDRED
    return round_price(price * (1 + move if is_buy else 1 - move))


def fee(notional: Decimal, fee_pct: Decimal) -> Decimal:
    """Return the fee in quote currency (≥ 0) on a filled notional: 200 at 0.1 % → 0.2."""
    return round_money(notional * fee_pct / _HUNDRED)


def notional(quantity: Decimal, price: Decimal) -> Decimal:
    """Return quantity × price in quote currency, to the last digit: 0.3 at 100.1 → 30.03."""
    return _WIDE.multiply(quantity, price)


def gross_pnl(direction: Direction, quantity: Decimal, entry: Decimal, exit_: Decimal) -> Decimal:
    """Return the profit (+) or loss (−) in quote currency before fees.

    Long 2 from 100 to 103 → 6; short 2 from 100 to 103 → −6.
    """
    return cash_pnl(direction, notional(quantity, entry), notional(quantity, exit_))


def cash_pnl(direction: Direction, entry_cost: Decimal, exit_value: Decimal) -> Decimal:
    """Return the profit (+) or loss (−) before fees of what was entered and exited, in quote.

    The sums of many fills give what one fill of their average price would, but exactly.
    """
    is_long = direction is Direction.LONG
    gained = _WIDE.subtract(exit_value, entry_cost)
    return round_money(gained if is_long else _WIDE.minus(gained))


def average_price(cost: Decimal, quantity: Decimal) -> Decimal:
    """Return the average price of fills, to eighteen decimals: 30.03 for 0.3 → 100.1."""
    return round_price(_WIDE.divide(cost, quantity))


def percent(part: Decimal, whole: Decimal) -> float:
    """Return `part` / `whole` in percent as a plain number; 0 when `whole` is 0."""
    return float(part / whole * _HUNDRED) if whole else 0.0


def of_percent(amount: Decimal, pct: Decimal) -> Decimal:
    """Return `pct` percent of `amount`: 2 % of 250 → 5."""
    return round_money(amount * pct / _HUNDRED)


def settle_currency(symbol: str) -> str:
    """Return what a symbol is paid in: `USDT` of `BTC/USDT`, `USDC` of `BTC/USDC:USDC`."""
    quote, _, settle = symbol.partition("/")[2].partition(":")
    return settle or quote
