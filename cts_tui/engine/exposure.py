"""What positions and entries on their way tie up, by quote currency: paper or real money."""

from decimal import Decimal

from cts_tui.engine.book import LivePosition
from cts_tui.engine.context import EngineContext
from cts_tui.engine.working import WorkingOrders
from cts_tui.model.money import ZERO, notional, settle_currency
from cts_tui.model.records import Order
from cts_tui.model.trading import OrderPurpose


class Exposure:
    """A picture of one moment; what is let out after it is added.

    Sums are by the currency that symbols are paid in: 100 USDT and 100 BTC are not 200.
    """

    def __init__(self, context: EngineContext, orders: WorkingOrders, *, is_live: bool) -> None:
        self.by_currency: dict[str, Decimal] = {}
        self.by_symbol: dict[str, Decimal] = {}
        self._keys: set[str] = set()
        for position in context.book:
            if position.is_live is is_live:
                value = notional(position.holding.held, mark_of(context, position))
                self._add(position.key, position.symbol, value)
        for working in orders:
            order = working.order
            is_entry = order.purpose is OrderPurpose.ENTRY and not order.status.is_final
            if is_entry and order.is_live is is_live:
                self.add(order, _rest(context, order))

    def add(self, order: Order, value: Decimal) -> None:
        """Count an entry that goes out."""
        self._add(order.position_key, order.symbol, value)

    def _add(self, key: str, symbol: str, value: Decimal) -> None:
        currency = settle_currency(symbol)
        self.by_currency[currency] = self.by_currency.get(currency, ZERO) + value
        self.by_symbol[symbol] = self.by_symbol.get(symbol, ZERO) + value
        self._keys.add(key)

    def total(self, currency: str) -> Decimal:
        """Return what is tied up of a currency."""
        return self.by_currency.get(currency, ZERO)

    @property
    def positions(self) -> int:
        """How many positions are open, or are being opened."""
        return len(self._keys)

    def holds(self, order: Order) -> bool:
        """Return whether an entry enlarges a position that is counted already."""
        return order.position_key in self._keys


def mark_of(context: EngineContext, position: LivePosition) -> Decimal:
    """Return the price a position is valued at; real money never at an invented one (S3)."""
    market = context.market
    quotes = market.real_quotes if position.is_live else market.quotes
    quote = quotes.get(position.symbol)
    return position.holding.entry_price if quote is None else quote.price


def open_pnl(context: EngineContext, *, is_live: bool) -> Decimal:
    """Return the PnL of all open positions at their marks, net of the fees paid so far."""
    return sum(
        (
            position.holding.pnl(mark_of(context, position))
            for position in context.book
            if position.is_live is is_live
        ),
        ZERO,
    )


def open_value(context: EngineContext) -> Decimal:
    """Return what the positions of real money are worth now."""
    return sum(
        (
            notional(position.holding.held, mark_of(context, position))
            for position in context.book
            if position.is_live
        ),
        ZERO,
    )


def _rest(context: EngineContext, order: Order) -> Decimal:
    """Return what an entry may still tie up."""
    if order.quantity is None:
        return order.cost or ZERO
    quote = context.market.quotes.get(order.symbol)
    price = order.price or (quote.price if quote else ZERO)
    return notional(order.quantity - order.filled, price)
