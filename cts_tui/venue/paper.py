"""The paper venue: fills orders from the market's own prices, with fees and slippage.

A market order rests until the next price and fills there, worse by the slippage. A stop that the
desk saw touched fills at its price, worse by the slippage; a target fills at its price exactly.
"""

from collections import defaultdict
from decimal import Decimal

from cts_tui.model.money import fee, round_money, slip
from cts_tui.model.records import Fill, Order
from cts_tui.model.trading import OrderType, Side
from cts_tui.venue.venue import Accepted, Rejected


class PaperVenue:
    """Orders matched in memory. Prices are quote currency per base; fees are quote currency."""

    def __init__(self, *, fee_pct: Decimal, slippage_pct: Decimal) -> None:
        self._fee_pct = fee_pct
        self._slippage_pct = slippage_pct
        self._resting: dict[str, list[Order]] = defaultdict(list)
        self._fills: list[Fill] = []
        self._time_ms: dict[str, int] = {}

    async def submit(self, order: Order) -> Accepted | Rejected:
        """Take an order: market orders rest until the next price, touched ones fill at once."""
        fault = _fault(order)
        if fault is not None:
            return Rejected(fault)
        if order.price is None:
            self._resting[order.symbol].append(order)
        else:
            self._fill(order, order.price, self._time_ms.get(order.symbol, order.created_ms))
        return Accepted(_venue_order_id(order))

    async def cancel(self, client_order_id: str) -> bool:
        """Drop a resting order; return whether it was there."""
        for orders in self._resting.values():
            for order in orders:
                if order.client_order_id == client_order_id:
                    orders.remove(order)
                    return True
        return False

    def take_fills(self) -> list[Fill]:
        """Return the fills since the last call, oldest first."""
        fills, self._fills = self._fills, []
        return fills

    def observe(self, symbol: str, price: Decimal, time_ms: int) -> None:
        """Fill what rests on `symbol` at `price`; `time_ms` is the market time of the fills."""
        self._time_ms[symbol] = time_ms
        orders = self._resting.pop(symbol, None)
        if orders:
            for order in orders:
                self._fill(order, price, time_ms)

    def _fill(self, order: Order, price: Decimal, time_ms: int) -> None:
        if order.type is not OrderType.LIMIT:
            price = slip(price, self._slippage_pct, is_buy=order.side is Side.BUY)
        quantity = order.quantity
        if quantity is None:
            quantity = round_money((order.cost or Decimal(0)) / price)
        self._fills.append(
            Fill(
                client_order_id=order.client_order_id,
                venue_order_id=_venue_order_id(order),
                venue_trade_id=f"{_venue_order_id(order)}-1",
                symbol=order.symbol,
                side=order.side,
                quantity=quantity,
                price=price,
                fee=fee(quantity * price, self._fee_pct),
                fee_currency=order.symbol.partition("/")[2].partition(":")[0] or "quote",
                time_ms=time_ms,
            )
        )


def _venue_order_id(order: Order) -> str:
    return f"paper-{order.client_order_id}"


def _fault(order: Order) -> str | None:
    """Return what is wrong with an order, None when it can be filled (S12)."""
    is_market = order.type is OrderType.MARKET
    size = order.quantity if order.quantity is not None or not is_market else order.cost
    if not _is_positive(size):
        return f"a {order.type} order needs a positive size, not {size}"
    if is_market and order.price is not None:
        return f"a market order has no price, this one has {order.price}"
    if not is_market and not _is_positive(order.price):
        return f"a {order.type} order needs a positive price, not {order.price}"
    return None


def _is_positive(amount: Decimal | None) -> bool:
    return amount is not None and amount.is_finite() and amount > 0
