"""What the account's owner does beside our program: orders, positions and money by hand."""

from decimal import Decimal
from typing import TYPE_CHECKING

from tests.loopback.algo import AlgoOrder
from tests.loopback.matching import Engine
from tests.loopback.orders import Order
from tests.loopback.positions import Position

if TYPE_CHECKING:
    from tests.loopback.exchange import LoopbackExchange

Number = Decimal | str | int | float


class ByHand:
    """The owner at the exchange's own web page."""

    def __init__(self, exchange: "LoopbackExchange") -> None:
        self.exchange = exchange
        self._count = 0

    def order(
        self,
        market: str,
        symbol: str,
        side: str,
        quantity: Number,
        *,
        price: Number | None = None,
        client_id: str | None = None,
        reduce_only: bool = False,
        position_side: str = "BOTH",
    ) -> Order:
        """Place a limit order, or a market order without a price. Raises Refusal."""
        self._count += 1
        order = Order(
            symbol=symbol,
            side=side.upper(),
            type="MARKET" if price is None else "LIMIT",
            quantity=Decimal(str(quantity)),
            client_id=client_id or f"web_{self._count:022d}",
            price=None if price is None else Decimal(str(price)),
            reduce_only=reduce_only,
            position_side=position_side,
            is_external=True,
        )
        return self._engine(market).place(order)

    def stop(
        self,
        market: str,
        symbol: str,
        side: str,
        quantity: Number,
        trigger: Number,
        *,
        take_profit: bool = False,
        client_id: str | None = None,
        reduce_only: bool = True,
    ) -> Order | AlgoOrder:
        """Place a stop (or take profit) that fills at market once touched. Raises Refusal."""
        self._count += 1
        name = client_id or f"web_{self._count:022d}"
        amount, level = Decimal(str(quantity)), Decimal(str(trigger))
        if market == "swap":
            kind = "TAKE_PROFIT_MARKET" if take_profit else "STOP_MARKET"
            algo = AlgoOrder(
                symbol=symbol,
                side=side.upper(),
                type=kind,
                client_id=name,
                quantity=amount,
                trigger=level,
                reduce_only=reduce_only,
                is_external=True,
            )
            return self.exchange.algo.place(algo)
        kind = "TAKE_PROFIT" if take_profit else "STOP_LOSS"
        order = Order(
            symbol=symbol,
            side=side.upper(),
            type=kind,
            quantity=amount,
            client_id=name,
            stop_price=level,
            is_external=True,
        )
        return self.exchange.spot.place(order)

    def cancel(self, market: str, order_id: int) -> Order:
        """Cancel an order. Raises Refusal when it is not open."""
        engine = self._engine(market)
        return engine.cancel(engine.orders[order_id])

    def position(
        self, symbol: str, amount: Number, price: Number, *, side: str = "BOTH"
    ) -> Position:
        """Put a futures position on the account without an order (negative: short)."""
        swap = self.exchange.swap
        position = swap.position(symbol, side)
        position.amount = Decimal(str(amount))
        position.entry_price = Decimal(str(price)) if position.amount else Decimal(0)
        position.updated_ms = self.exchange.clock.now_ms()
        return position

    def deposit(self, market: str, currency: str, amount: Number) -> None:
        """Add money (negative: withdraw)."""
        change = Decimal(str(amount))
        if market == "spot":
            self.exchange.spot.balance(currency).free += change
        else:
            wallet = self.exchange.swap.wallet
            wallet[currency] = wallet.get(currency, Decimal(0)) + change

    def _engine(self, market: str) -> Engine:
        return self.exchange.spot if market == "spot" else self.exchange.swap
