"""One engine for both markets: orders meet the scripted price, in the order they came."""

from collections.abc import Callable, Iterable
from decimal import Decimal
from itertools import count

from tests.loopback.dialect import Refusal, unknown_order, unknown_order_to_cancel
from tests.loopback.market import Market, Print
from tests.loopback.orders import Fill, Order, is_touched

Heard = Callable[[str, Order, Fill | None], None]
"""Gets NEW, TRADE, CANCELED, EXPIRED or AMENDMENT with the order and, of a trade, the fill."""


class Engine:
    """What spot and futures have in common; the two differ in who pays for an order."""

    name = ""
    duplicate = Refusal(-2010, "Duplicate order sent.")

    def __init__(self, market: Market, liquidity: dict[str, Decimal], first_id: int) -> None:
        self.market = market
        self.liquidity = liquidity
        self.orders: dict[int, Order] = {}
        self.fills: list[Fill] = []
        self.heard: list[Heard] = []
        self.maker_fee = Decimal("0.001")
        self.taker_fee = Decimal("0.001")
        self.fee_currency: str | None = None
        """None: what Binance takes without BNB; else the currency of every fee."""
        self.dead_ids_stay_taken = True
        """False: only the client ids of open orders are taken, as the documentation has it."""
        self._ids = count(first_id)
        self._fill_ids = count(first_id)
        self._left: dict[str, Decimal] = {}
        self._open: dict[int, Order] = {}
        self._by_client: dict[str, Order] = {}

    # What the two kinds of account do.

    def check(self, order: Order) -> None:
        """Refuse what filters or the account forbid."""
        raise NotImplementedError

    def reserve(self, order: Order) -> None:
        """Hold back what an order that rests may cost."""

    def release(self, order: Order) -> None:
        """Give back what was held for what did not fill."""

    def settle(
        self, order: Order, price: Decimal, quantity: Decimal, fee_rate: Decimal
    ) -> tuple[Decimal, str, Decimal]:
        """Book a fill; return fee, its currency and the realized profit."""
        raise NotImplementedError

    def cap(self, order: Order, quantity: Decimal) -> Decimal:
        """Return how much of `quantity` the order may still fill."""
        return quantity

    def trigger(self, symbol: str) -> None:
        """Wake what waits for the price that was just traded."""

    def is_triggered(self, order: Order) -> bool:
        """Say whether the last price touches the trigger that an order waits for."""
        last = self.market.quote(order.symbol).last
        stop = order.stop_price
        return (
            order.is_waiting and stop is not None and is_touched(order.type, order.side, stop, last)
        )

    # Orders.

    def place(self, order: Order) -> Order:
        """Accept an order and let it take what it can. Raises Refusal."""
        if self._is_taken(order):
            raise self.duplicate
        self.check(order)
        quote = self.market.quote(order.symbol)
        post_only = order.type == "LIMIT_MAKER" or order.time_in_force == "GTX"
        if post_only and order.crosses(quote.bid, quote.ask):
            raise self.post_only_refusal()
        if self.is_triggered(order):
            raise Refusal(-2010, "Stop price would trigger immediately.")
        order.id = next(self._ids)
        order.original_type = order.original_type or order.type
        order.created_ms = order.updated_ms = self.market.clock.now_ms()
        self.orders[order.id] = self._open[order.id] = order
        self._by_client[order.client_id] = order
        self.reserve(order)
        self._tell("NEW", order)
        if not order.is_waiting:
            self.work(order)
        return order

    def post_only_refusal(self) -> Refusal:
        """What a maker-only order that would take is answered."""
        return Refusal(-2010, "Order would immediately match and take.")

    def work(self, order: Order) -> None:
        """Let an order take from the book; expire what may not rest."""
        quote = self.market.quote(order.symbol)
        available = self._available(order.symbol)
        crosses = order.crosses(quote.bid, quote.ask)
        wanted = self.cap(order, order.remaining)
        short = available is not None and available < wanted
        if order.time_in_force == "FOK" and (short or not crosses):
            self._expire(order)
            return
        if crosses:
            self._fill_up_to(order, quote.ask if order.is_buy else quote.bid, is_maker=False)
        if order.is_alive and (order.is_market or order.time_in_force in {"IOC", "FOK"}):
            self._expire(order)

    def cancel(self, order: Order) -> Order:
        """Cancel an open order. Raises Refusal when it is not open."""
        if not order.is_alive:
            raise unknown_order_to_cancel()
        self.release(order)
        order.status = "CANCELED"
        order.updated_ms = self.market.clock.now_ms()
        self._tell("CANCELED", order)
        return order

    def amend(self, order: Order, *, price: Decimal, quantity: Decimal) -> Order:
        """Change price and quantity of a resting order."""
        self.release(order)
        before = order.price, order.quantity
        order.price, order.quantity = price, quantity
        try:
            self.check(order)
        except Refusal:
            order.price, order.quantity = before
            self.reserve(order)
            raise
        self.reserve(order)
        order.updated_ms = self.market.clock.now_ms()
        self._tell("AMENDMENT", order)
        self.work(order)
        return order

    def find(self, symbol: str, *, order_id: str | None, client_id: str | None) -> Order:
        """Return an order by its id, else the newest with a client id. Raises Refusal."""
        if order_id is not None:
            found = self.orders.get(int(order_id))
            if found is not None and found.symbol == symbol:
                return found
        elif client_id is not None:
            newest = self._by_client.get(client_id)
            if newest is not None and newest.symbol == symbol:
                return newest
        raise unknown_order()

    def open_orders(self, symbol: str | None = None) -> list[Order]:
        """Return what rests or waits, oldest first."""
        return [
            order
            for order in self._open.values()
            if order.is_alive and symbol in {None, order.symbol}
        ]

    # Prices.

    def on_print(self, symbol: str, _made: Print) -> None:
        """Match everything of a symbol against the price that was just traded."""
        if not self.market.is_listed(symbol, self.name):
            return
        self._left.pop(symbol, None)
        self.trigger(symbol)
        last = self.market.quote(symbol).last
        for order in self._resting(symbol):
            price = order.price
            if price is None or not order.is_alive:
                continue
            if (last <= price) if order.is_buy else (last >= price):
                self._fill_up_to(order, price, is_maker=True)

    def _resting(self, symbol: str) -> Iterable[Order]:
        resting = [order for order in self.open_orders(symbol) if not order.is_waiting]
        # The best price first, then the oldest.
        return sorted(
            resting,
            key=lambda order: ((order.price or 0) * (-1 if order.is_buy else 1), order.id),
        )

    def _available(self, symbol: str) -> Decimal | None:
        if symbol not in self.liquidity:
            return None
        return self._left.setdefault(symbol, self.liquidity[symbol])

    def _fill_up_to(self, order: Order, price: Decimal, *, is_maker: bool) -> None:
        available = self._available(order.symbol)
        quantity = self.cap(order, order.remaining)
        if available is not None:
            quantity = min(quantity, available)
            self._left[order.symbol] = available - quantity
        if quantity > 0:
            self._fill(order, price, quantity, is_maker=is_maker)

    def _fill(self, order: Order, price: Decimal, quantity: Decimal, *, is_maker: bool) -> None:
        rate = self.maker_fee if is_maker else self.taker_fee
        fee, currency, realized = self.settle(order, price, quantity, rate)
        now = self.market.clock.now_ms()
        fill = Fill(
            id=next(self._fill_ids),
            order_id=order.id,
            client_id=order.client_id,
            symbol=order.symbol,
            side=order.side,
            position_side=order.position_side,
            price=price,
            quantity=quantity,
            fee=fee,
            fee_currency=currency,
            is_maker=is_maker,
            realized=realized,
            time_ms=now,
        )
        order.filled += quantity
        order.cost += price * quantity
        order.updated_ms = now
        order.status = "FILLED" if order.remaining == 0 else "PARTIALLY_FILLED"
        order.fills.append(fill)
        self.fills.append(fill)
        if order.status == "FILLED":
            self.release(order)
        self._tell("TRADE", order, fill)

    def _expire(self, order: Order) -> None:
        self.release(order)
        order.status = "EXPIRED"
        order.updated_ms = self.market.clock.now_ms()
        self._tell("EXPIRED", order)

    def _is_taken(self, order: Order) -> bool:
        other = self._by_client.get(order.client_id)
        return other is not None and (other.is_alive or self.dead_ids_stay_taken)

    def _tell(self, kind: str, order: Order, fill: Fill | None = None) -> None:
        if not order.is_alive:
            self._open.pop(order.id, None)
        for hear in self.heard:
            hear(kind, order, fill)
