"""Spot: balances, free and locked, and the engine that pays from them."""

from dataclasses import dataclass
from decimal import ROUND_DOWN, Decimal

from tests.loopback.dialect import insufficient_balance
from tests.loopback.filters import check_spot
from tests.loopback.market import Market
from tests.loopback.matching import Engine
from tests.loopback.orders import TRIGGER_TYPES, Order


@dataclass(slots=True)
class Balance:
    """What there is of one currency."""

    free: Decimal = Decimal(0)
    locked: Decimal = Decimal(0)


class SpotEngine(Engine):
    """The spot market of one account."""

    name = "spot"

    def __init__(
        self, market: Market, liquidity: dict[str, Decimal], balances: dict[str, Decimal]
    ) -> None:
        super().__init__(market, liquidity, first_id=1_000_001)
        self.balances = {name: Balance(free=amount) for name, amount in balances.items()}

    def balance(self, currency: str) -> Balance:
        """Return the balance of a currency, zero where there is none."""
        return self.balances.setdefault(currency, Balance())

    def check(self, order: Order) -> None:
        """Refuse what a filter or the balance forbids; turn a cost into a quantity."""
        quote = self.market.quote(order.symbol)
        check_spot(quote.listing, order, quote.ask)
        if order.quote_quantity is not None:
            price = quote.ask if order.is_buy else quote.bid
            steps = (order.quote_quantity / price / quote.listing.step).quantize(
                Decimal(1), rounding=ROUND_DOWN
            )
            order.quantity = steps * quote.listing.step
        if self.balance(self._paid_in(order)).free < self._needed(order):
            raise insufficient_balance()

    def reserve(self, order: Order) -> None:
        """Lock what a limit or trigger order may spend."""
        if order.is_market and not order.is_waiting:
            return
        order.locked = self._needed(order)
        balance = self.balance(self._paid_in(order))
        balance.free -= order.locked
        balance.locked += order.locked

    def release(self, order: Order) -> None:
        """Unlock what is left."""
        balance = self.balance(self._paid_in(order))
        balance.free += order.locked
        balance.locked -= order.locked
        order.locked = Decimal(0)

    def settle(
        self, order: Order, price: Decimal, quantity: Decimal, fee_rate: Decimal
    ) -> tuple[Decimal, str, Decimal]:
        """Exchange base for quote; the fee leaves what was received, or `fee_currency`."""
        listing = self.market.listings[order.symbol]
        cost = price * quantity
        spent, received = (cost, quantity) if order.is_buy else (quantity, cost)
        held = min(self._needed(order, quantity), order.locked)
        paid_in = self.balance(self._paid_in(order))
        paid_in.locked -= held
        order.locked -= held
        paid_in.free += held - spent
        gets = listing.base if order.is_buy else listing.quote
        fee, currency = received * fee_rate, gets
        if self.fee_currency is not None:
            currency = self.fee_currency
            rate = self.market.quote(f"{currency}USDT").last if currency != "USDT" else Decimal(1)
            fee = (cost * fee_rate / rate).quantize(Decimal("1e-8"))
        self.balance(gets).free += received
        self.balance(currency).free -= fee
        return fee, currency, Decimal(0)

    def trigger(self, symbol: str) -> None:
        """Wake stops and take profits that the last price touches."""
        for order in self.open_orders(symbol):
            if self.is_triggered(order):
                order.is_triggered = True
                if order.is_market:
                    self.release(order)
                self.work(order)

    def _paid_in(self, order: Order) -> str:
        listing = self.market.listings[order.symbol]
        return listing.quote if order.is_buy else listing.base

    def _needed(self, order: Order, quantity: Decimal | None = None) -> Decimal:
        amount = order.remaining if quantity is None else quantity
        if not order.is_buy:
            return amount
        price = order.price
        if price is None:
            quote = self.market.quote(order.symbol)
            waits = order.type in TRIGGER_TYPES and not order.is_triggered
            price = order.stop_price if waits and order.stop_price else quote.ask
        return amount * price
