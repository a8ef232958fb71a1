"""Sends orders to an exchange, each once: checked, put into ccxt's words, and its answer judged."""

from dataclasses import replace
from decimal import Decimal
from typing import Any, Final

from cts_tui.errors import AuthenticationError, UnknownOutcome, VenueError
from cts_tui.exchange.limiter import Priority
from cts_tui.exchange.said_prices import said_price
from cts_tui.exchange.session import ExchangeSession
from cts_tui.model.instrument import Instrument
from cts_tui.model.records import Order
from cts_tui.model.trading import MarketType, OrderType, Side
from cts_tui.venue.ccxt_abilities import Abilities
from cts_tui.venue.ccxt_margin import Margin
from cts_tui.venue.ccxt_order_stream import OrderStream
from cts_tui.venue.ccxt_reading import Reader, number
from cts_tui.venue.ccxt_requests import UnsendableError, WireOrder, wire_order
from cts_tui.venue.checks import malformed
from cts_tui.venue.client_ids import OrderNames
from cts_tui.venue.steps import fault
from cts_tui.venue.venue import Accepted, Rejected

_PRICE_AGE_MS: Final = 5_000
"""How old a price may be that values an order at market."""
REFUSED_HERE: Final = "refused_here"
"""Code of an order that was not even sent."""


class Submission:
    """The way out of one account's orders."""

    def __init__(
        self,
        session: ExchangeSession,
        abilities: Abilities,
        names: OrderNames,
        reader: Reader,
        margin: Margin,
        stream: OrderStream,
    ) -> None:
        self._session = session
        self._abilities = abilities
        self._names = names
        self._reader = reader
        self._margin = margin
        self._stream = stream
        self._prices: dict[str, tuple[Decimal, int]] = {}

    def price_seen(self, symbol: str, price: Decimal, time_ms: int) -> None:
        """Note the price at which a market buy would fill now."""
        self._prices[symbol] = (price, time_ms)

    async def submit(self, order: Order, instrument: Instrument | None) -> Accepted | Rejected:
        """Send an order. Raises UnknownOutcome when it may have arrived: it is followed then."""
        refusal = self._refusal(order, instrument)
        if instrument is None or refusal is not None:
            return Rejected(refusal or "", REFUSED_HERE)
        try:
            answer = await self._create(order, await self._wire(order, instrument))
        except UnsendableError as error:
            return Rejected(str(error), REFUSED_HERE)
        except AuthenticationError:
            raise
        except VenueError as error:
            return Rejected(str(error), error.code)
        except UnknownOutcome:
            self._stream.follow(order)
            raise
        return self._accepted(order, answer)

    def _refusal(self, order: Order, instrument: Instrument | None) -> str | None:
        """Return why an order is not even sent, in figures."""
        reason = malformed(order)
        if reason is not None:
            return reason
        if instrument is None:
            return f"{self._session.exchange} has no market {order.symbol}: it may be delisted"
        if order.quantity is None:
            return "an exchange's order needs a quantity, this one has only a cost"
        return fault(order, instrument, self._price(order.symbol))

    async def _wire(self, order: Order, instrument: Instrument) -> WireOrder:
        is_swap = instrument.market is MarketType.SWAP
        wire = wire_order(
            order,
            instrument,
            self._abilities,
            exchange=self._session.exchange,
            wire_id=self._names.wire(order.client_order_id),
            is_hedged=is_swap and await self._margin.is_hedged(order.symbol),
            setting=self._margin.setting(order.symbol),
        )
        self._check_precision(wire)
        return wire

    def _check_precision(self, wire: WireOrder) -> None:
        """Refuse what ccxt would round without a word (note 7)."""
        client = self._session.client
        try:
            sent = number(client.amount_to_precision(wire.symbol, wire.amount))
            price = wire.price
            sent_price = None if price is None else client.price_to_precision(wire.symbol, price)
        except Exception as error:  # noqa: BLE001 - ccxt's own check refuses in its own words
            raise UnsendableError(
                f"the quantity or price is off the exchange's steps: {error}"
            ) from None
        if sent != number(wire.amount):
            raise UnsendableError(f"the quantity {wire.amount} would go out as {sent}")
        if number(sent_price) != number(price):
            raise UnsendableError(f"the price {price} would go out as {sent_price}")

    async def _create(self, order: Order, wire: WireOrder) -> Any:
        is_buy_by_cost = (
            self._abilities.buys_by_cost
            and order.type is OrderType.MARKET
            and order.side is Side.BUY
        )
        method, args = "create_order", wire.args
        if is_buy_by_cost:
            method, args = (
                "create_market_buy_order_with_cost",
                (wire.symbol, await self._cost(order)),
            )
        return await self._session.call(
            method,
            *args,
            params=wire.params,
            priority=Priority.ORDER,
            is_order=True,
            is_exit=order.reduce_only,
        )

    async def _cost(self, order: Order) -> float:
        """Return the quote amount of a market buy where the exchange sizes it so."""
        if order.cost is not None:
            return float(order.cost)
        price = self._price(order.symbol)
        if price is None:
            ticker = await self._session.call("fetch_ticker", order.symbol, priority=Priority.ORDER)
            price = number(ticker.get("ask")) or said_price(ticker)
        if not price or order.quantity is None:
            raise VenueError(f"no price to turn the quantity of {order.symbol} into a cost")
        return float(order.quantity * price)

    def _accepted(self, order: Order, answer: Any) -> Accepted | Rejected:
        """Return the answer; without an id nobody knows whether the order exists (note 1)."""
        row = answer if isinstance(answer, dict) else {}
        venue_order_id = str(row.get("id") or "")
        if not venue_order_id:
            self._stream.follow(order)
            raise UnknownOutcome(
                f"{self._session.exchange} answered without an order id: looking for the order"
            )
        if row.get("status") == "rejected":
            return Rejected(f"{self._session.exchange} answered: rejected")
        self._names.link(venue_order_id, order.client_order_id)
        self._stream.follow(replace(order, venue_order_id=venue_order_id))
        self._stream.take_in_trades(row.get("trades"))
        if row.get("status") is not None:
            self._stream.take_in(self._reader.report(row))
        return Accepted(venue_order_id)

    def _price(self, symbol: str) -> Decimal | None:
        """Return the last price that was seen, None where it is too old."""
        price, time_ms = self._prices.get(symbol, (None, 0))
        is_fresh = self._session.server_now_ms() - time_ms <= _PRICE_AGE_MS
        return price if is_fresh else None
