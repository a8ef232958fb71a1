"""USDⓈ-M futures: wallet, positions, leverage, and the engine that fills against them."""

from dataclasses import dataclass
from decimal import Decimal

from tests.loopback.dialect import Refusal, insufficient_margin
from tests.loopback.filters import check_swap
from tests.loopback.market import Market
from tests.loopback.matching import Engine
from tests.loopback.orders import Order
from tests.loopback.positions import Position


@dataclass(slots=True)
class SymbolSetting:
    """What the account set for a symbol."""

    leverage: int = 20
    margin_type: str = "CROSSED"


class SwapEngine(Engine):
    """The futures market of one account."""

    name = "swap"
    duplicate = Refusal(-4116, "ClientOrderId is duplicated.")

    def __init__(
        self, market: Market, liquidity: dict[str, Decimal], wallet: dict[str, Decimal]
    ) -> None:
        super().__init__(market, liquidity, first_id=8_000_001)
        self.maker_fee, self.taker_fee = Decimal("0.0002"), Decimal("0.0005")
        self.wallet = dict(wallet)
        self.is_hedge_mode = False
        self.positions: dict[tuple[str, str], Position] = {}
        self.settings: dict[str, SymbolSetting] = {}

    def setting(self, symbol: str) -> SymbolSetting:
        """Return leverage and margin type of a symbol."""
        return self.settings.setdefault(symbol, SymbolSetting())

    def position(self, symbol: str, side: str = "BOTH") -> Position:
        """Return a position, empty where there is none."""
        return self.positions.setdefault((symbol, side), Position(symbol, side))

    def held(self) -> list[Position]:
        """Return the positions that are not empty."""
        return [position for position in self.positions.values() if position.amount]

    # Margin.

    def initial_margin(self, position: Position) -> Decimal:
        """Return what a position binds."""
        mark = self.market.quote(position.symbol).last
        return abs(position.amount) * mark / self.setting(position.symbol).leverage

    def order_margin(self) -> Decimal:
        """Return what open orders bind."""
        total = Decimal(0)
        for order in self.open_orders():
            if not order.reduce_only and order.price is not None:
                total += self._margin_of(order)
        return total

    def unrealized(self) -> Decimal:
        """Return the open profit of every position."""
        held = self.held()
        return sum(
            (position.unrealized(self.market.quote(position.symbol).last) for position in held),
            Decimal(0),
        )

    def available(self) -> Decimal:
        """Return what may be bound by new orders, in USDT."""
        bound = sum((self.initial_margin(position) for position in self.held()), Decimal(0))
        wallet = self.wallet.get("USDT", Decimal(0))
        return wallet + self.unrealized() - bound - self.order_margin()

    # The engine.

    def check(self, order: Order) -> None:
        """Refuse what a filter, the position mode or the margin forbids."""
        quote = self.market.quote(order.symbol)
        check_swap(quote.listing, order, quote.ask)
        if self.is_hedge_mode != (order.position_side != "BOTH"):
            raise Refusal(-4061, "Order's position side does not match user's setting.")
        reducible = self.reducible(order)
        if order.reduce_only or (self.is_hedge_mode and self._closes(order)):
            if reducible == 0 or (self.is_hedge_mode and order.quantity > reducible):
                raise Refusal(-2022, "ReduceOnly Order is rejected.")
            return
        if self._margin_of(order) > self.available():
            raise insufficient_margin()

    def post_only_refusal(self) -> Refusal:
        """What a maker-only order that would take is answered."""
        return Refusal(
            -5022,
            "Due to the order could not be executed as maker, "
            "the Post Only order will be rejected.",
        )

    def reducible(self, order: Order) -> Decimal:
        """Return how much of a position the order could close."""
        amount = self.position(order.symbol, order.position_side).amount
        return abs(amount) if amount and (amount < 0) == order.is_buy else Decimal(0)

    def cap(self, order: Order, quantity: Decimal) -> Decimal:
        """A reduce-only order fills no further than the position goes."""
        return min(quantity, self.reducible(order)) if order.reduce_only else quantity

    def settle(
        self, order: Order, price: Decimal, quantity: Decimal, fee_rate: Decimal
    ) -> tuple[Decimal, str, Decimal]:
        """Move the position, pay the profit out and take the fee."""
        position = self.position(order.symbol, order.position_side)
        signed = quantity if order.is_buy else -quantity
        realized = position.apply(signed, price, self.market.clock.now_ms())
        listing = self.market.listings[order.symbol]
        fee, currency = price * quantity * fee_rate, self.fee_currency or listing.quote
        if currency != listing.quote:
            fee = (fee / self.market.quote(f"{currency}USDT").last).quantize(Decimal("1e-8"))
        self.wallet[listing.quote] = self.wallet.get(listing.quote, Decimal(0)) + realized
        self.wallet[currency] = self.wallet.get(currency, Decimal(0)) - fee
        return fee, currency, realized

    def on_position_closed(self, symbol: str, side: str) -> None:
        """Expire reduce-only orders that have nothing left to reduce, as Binance does."""
        if self.position(symbol, side).amount:
            return
        for order in self.open_orders(symbol):
            if order.reduce_only and order.position_side == side:
                self._expire(order)

    def _closes(self, order: Order) -> bool:
        return (order.position_side == "LONG") != order.is_buy

    def _margin_of(self, order: Order) -> Decimal:
        quote = self.market.quote(order.symbol)
        amount = self.position(order.symbol, order.position_side).amount
        signed = order.remaining if order.is_buy else -order.remaining
        grows = max(abs(amount + signed) - abs(amount), Decimal(0))
        return grows * (order.price or quote.ask) / self.setting(order.symbol).leverage
