"""Whether a paper account can pay for an order, as an exchange would look at it."""

from collections.abc import Iterable, Iterator
from decimal import Decimal

from cts_tui.model.money import ZERO, fee, money_text, notional, round_money, slip
from cts_tui.model.records import Order
from cts_tui.model.trading import OrderType, Side
from cts_tui.venue.paper_ledger import PaperLedger, currencies
from cts_tui.venue.paper_terms import PaperTerms

Resting = Iterable[tuple[Order, Decimal, Decimal]]
"""Orders with what is left of each (base), and the price it may fill at."""


def locks(resting: Resting) -> Iterator[tuple[str, Decimal]]:
    """Yield what limit orders on spot lock: a buy its cost, a sell its quantity."""
    for order, left, _ in resting:
        base, quote, settle = currencies(order.symbol)
        if order.type is OrderType.LIMIT and not settle:
            is_buy = order.side is Side.BUY
            yield (quote, notional(left, order.price or ZERO)) if is_buy else (base, left)


class Funds:
    """What an account could spend, on these terms."""

    def __init__(self, ledger: PaperLedger, terms: PaperTerms, resting: Resting) -> None:
        self._ledger = ledger
        self._terms = terms
        needs = [self._need(*one) for one in resting if not one[0].reduce_only]
        self._free = ledger.balances(needs).free

    def unpaid(self, order: Order, price: Decimal, *, may_be_short: bool) -> str | None:
        """Return in figures why the account cannot pay for an order at `price`; None if it can.

        A sale on spot needs what it sells; only where it `may_be_short` money will do.
        """
        quantity = order.quantity or (order.cost or ZERO) / price
        base, _, settle = currencies(order.symbol)
        is_sale = order.side is Side.SELL and not settle
        if is_sale and (quantity <= self._free.get(base, ZERO) or not may_be_short):
            return self._lack(base, quantity)
        return self._lack(*self._need(order, quantity, price))

    def _need(self, order: Order, quantity: Decimal, price: Decimal) -> tuple[str, Decimal]:
        """Return what an order needs of which currency: margin or cost, and its fee."""
        is_buy = order.side is Side.BUY
        symbol = currencies(order.symbol)
        at = order.price or slip(price, self._terms.slippage_pct, is_buy=is_buy)
        cost = notional(quantity, at)
        margin = cost / self._ledger.leverage(order.symbol) if symbol.settle else cost
        return symbol.money, round_money(margin + fee(cost, self._terms.fee_pct))

    def _lack(self, currency: str, needed: Decimal) -> str | None:
        free = round_money(max(self._free.get(currency, ZERO), ZERO))
        if needed <= free:
            return None
        return (
            f"the paper account cannot pay: it needs {money_text(needed)} {currency} and has "
            f"{money_text(free)} free"
        )
