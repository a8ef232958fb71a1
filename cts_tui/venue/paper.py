"""The paper venue: fills orders from the market's own prices, with fees and slippage.

A market order rests until the next price and fills there (a buy at the ask, a sell at the bid where
they are known), worse by the slippage. A limit order rests until the market comes to its price. A
stop that the desk saw touched fills at its price, worse by the slippage; a target at its price.
With a latency nothing fills before it, and what was touched fills at the price of then. An order
that is large for the volume traded fills in parts.
"""

from collections import defaultdict, deque
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Final

from cts_tui.model.instrument import Instrument
from cts_tui.model.money import ZERO, fee, slip
from cts_tui.model.records import Fill, Order
from cts_tui.model.trading import MarketType, OrderStatus, OrderType, Side, TimeInForce
from cts_tui.venue.checks import malformed
from cts_tui.venue.paper_funds import Funds, locks
from cts_tui.venue.paper_ledger import PaperLedger, currencies
from cts_tui.venue.paper_orders import Held, limit_price, market_ms, offered, venue_order_id
from cts_tui.venue.paper_terms import PaperTerms, VolumeBudget, VolumeOf
from cts_tui.venue.steps import fault
from cts_tui.venue.venue import (
    NOTHING_NEW,
    Accepted,
    Balances,
    OrderReport,
    Rejected,
    Search,
    Traits,
    Updates,
    VenuePosition,
)

_REMEMBERED: Final = 1_000
"""How many orders that have ended, and how many fills, are kept."""


class PaperVenue:
    """Orders matched in memory. Prices are quote currency per base; fees are quote currency."""

    def __init__(
        self,
        *,
        fee_pct: Decimal,
        slippage_pct: Decimal,
        latency_ms: int = 0,
        volume_pct: Decimal = ZERO,
        volume_of: VolumeOf | None = None,
        instruments: Mapping[str, Instrument] | None = None,
        market: MarketType = MarketType.SPOT,
        funds: Mapping[str, Decimal] | None = None,
    ) -> None:
        """Without `funds` it may spend what it has not; without `volume_of` all orders fill whole.

        `volume_pct` is the share of a candle's volume that orders may take, 0: all of it.
        """
        self.terms = PaperTerms(fee_pct, slippage_pct, latency_ms, volume_pct)
        self.ledger = PaperLedger(funds)
        self._budget = VolumeBudget(volume_of) if volume_of is not None else None
        self._instruments = instruments or {}
        self._resting: dict[str, list[Held]] = defaultdict(list)
        self._orders: dict[str, Held] = {}
        """Every order that is remembered, by client order id."""
        self._ended: deque[str] = deque()
        self._kept_fills: deque[Fill] = deque(maxlen=_REMEMBERED)
        self._new_fills: list[Fill] = []
        self._new_reports: list[OrderReport] = []
        self._last: dict[str, tuple[Decimal, int]] = {}
        """Price and time of each symbol's last price."""
        self.traits = _traits(market)

    def know(self, instruments: Mapping[str, Instrument]) -> None:
        """Round and refuse by these markets from now on: the exchange has told them."""
        self._instruments = instruments

    @property
    def is_hedged(self) -> bool:
        """Every position stands for itself."""
        return True

    def instrument(self, symbol: str) -> Instrument | None:
        """Return the market of a symbol, None where it is not known: then nothing is checked."""
        return self._instruments.get(symbol)

    async def submit(self, order: Order) -> Accepted | Rejected:
        """Take an order: market and limit orders rest until a price, touched ones fill at once."""
        refusal = self._refusal(order)
        if refusal is not None:
            return Rejected(refusal)
        last = self._last.get(order.symbol)
        held = self._orders[order.client_order_id] = Held(order, order.created_ms)
        if self.terms.latency_ms:
            held.due_ms = market_ms(order, last) + self.terms.latency_ms
        is_touched = order.type is not OrderType.MARKET and order.type is not OrderType.LIMIT
        if is_touched and not self.terms.latency_ms:
            assert order.price is not None  # noqa: S101 - or it would be malformed
            self._fill(held, order.price, order.created_ms if last is None else last[1])
        if not held.status.is_final:
            self._resting[order.symbol].append(held)
        return Accepted(venue_order_id(order))

    def _refusal(self, order: Order) -> str | None:
        """Return why an order is not taken."""
        reason = malformed(order)
        if reason is not None:
            return reason
        if order.client_order_id in self._orders:
            return f"the client order id {order.client_order_id} is taken"
        instrument = self._instruments.get(order.symbol)
        if instrument is None and not self.ledger.is_funded:
            return None
        price = self._last.get(order.symbol, (None,))[0]
        reason = None if instrument is None else fault(order, instrument, price)
        if reason is not None or order.reduce_only or not self.ledger.is_funded:
            return reason
        at = price or order.price
        if at is None:
            return None
        self.ledger.begin(order.symbol)
        funds = Funds(self.ledger, self.terms, self._all_resting())
        return funds.unpaid(order, at, may_be_short=instrument is None)

    def _all_resting(self) -> Iterator[tuple[Order, Decimal, Decimal]]:
        """Yield what rests, what is left of it, and the price of its market."""
        for symbol, orders in self._resting.items():
            last = self._last.get(symbol)
            for held in orders:
                at = held.order.price or (last[0] if last else ZERO)
                yield held.order, held.left(at), at

    async def cancel(self, order: Order) -> bool:
        """Drop a resting order; return whether it was there."""
        held = self._resting_one(order)
        if held is None:
            return False
        self._resting[held.order.symbol].remove(held)
        self._end(held, OrderStatus.CANCELLED, held.updated_ms)
        return True

    async def amend(self, order: Order, *, price: Decimal, quantity: Decimal) -> bool:
        """Move a resting limit order; return False where there is none, or it would be refused."""
        held = self._resting_one(order)
        if held is None or held.order.type is not OrderType.LIMIT or quantity <= held.filled:
            return False
        moved = replace(held.order, price=price, quantity=quantity)
        instrument = self._instruments.get(order.symbol)
        if malformed(moved) or (instrument is not None and fault(moved, instrument)):
            return False
        held.order, held.is_first_look = moved, True
        return True

    async def find(self, order: Order) -> Search:
        """Look for an order in memory."""
        held = self._orders.get(order.client_order_id)
        places = ("order", "open orders", "closed orders", "trades")
        return Search(None if held is None else held.report(), places)

    async def name_of(self, symbol: str, venue_order_id: str) -> str:
        """Return '': every fill here bears its name."""
        return ""

    async def open_orders(self, symbols: Sequence[str]) -> list[OrderReport]:
        """Return what rests on `symbols`."""
        return [held.report() for symbol in symbols for held in self._resting.get(symbol, ())]

    async def fills(self, symbol: str, since_ms: int) -> list[Fill]:
        """Return the last fills on a symbol since a time, oldest first."""
        return [
            fill for fill in self._kept_fills if fill.symbol == symbol and fill.time_ms >= since_ms
        ]

    async def positions(self, symbols: Sequence[str]) -> list[VenuePosition]:
        """Return the net positions of swaps, as far as this process has traded them."""
        return self.ledger.positions(symbols)

    async def balances(self) -> Balances:
        """Return what the paper account holds."""
        return self.balances_now()

    def balances_now(self) -> Balances:
        """Return the same without waiting."""
        return self.ledger.balances(locks(self._all_resting()))

    async def prepare(self, symbol: str, *, leverage: int | None, margin_mode: str | None) -> None:
        """Take over the leverage, by which margin is counted; paper knows no margin modes."""
        if leverage is not None:
            self.ledger.set_leverage(symbol, leverage)

    def follow(self, orders: Sequence[Order]) -> None:
        """Do nothing: whoever rests here came through here."""

    def take_updates(self) -> Updates:
        """Return the fills, and the orders that ended without one, since the last call."""
        if not self._new_fills and not self._new_reports:
            return NOTHING_NEW
        updates = Updates(self._new_reports, self._new_fills)
        self._new_reports, self._new_fills = [], []
        return updates

    def observe(
        self,
        symbol: str,
        price: Decimal,
        time_ms: int,
        *,
        bid: Decimal | None = None,
        ask: Decimal | None = None,
    ) -> None:
        """Fill what `price` lets fill of what rests; `time_ms` is the market time of the fills."""
        self._last[symbol] = (price, time_ms)
        resting = self._resting.pop(symbol, None)
        if not resting:
            return
        for held in resting:
            if time_ms >= held.due_ms:
                side = ask if held.order.side is Side.BUY else bid
                self._match(held, offered(side, price), time_ms)
            if not held.status.is_final:
                self._resting[symbol].append(held)

    def _match(self, held: Held, at: Decimal, time_ms: int) -> None:
        """Fill what an order gets at the price that is offered to it."""
        order = held.order
        is_limit = order.type is OrderType.LIMIT
        price = limit_price(held, at) if is_limit else at
        if price is not None:
            self._fill(held, price, time_ms)
        held.is_first_look = False
        if order.time_in_force is TimeInForce.IOC and not held.status.is_final:
            self._end(held, OrderStatus.EXPIRED, time_ms)
            self._new_reports.append(held.report())

    def _fill(self, held: Held, price: Decimal, time_ms: int) -> None:
        """Fill what is left of an order, or the part of it that the volume allows."""
        order, terms = held.order, self.terms
        if terms.slippage_pct and (order.type is OrderType.MARKET or order.type is OrderType.STOP):
            price = slip(price, terms.slippage_pct, is_buy=order.side is Side.BUY)
        instrument = self._instruments.get(order.symbol)
        quantity = left = held.size(price, instrument) - held.filled
        if not left:  # the cost does not buy one step
            self._end(held, OrderStatus.REJECTED, time_ms)
            self._new_reports.append(held.report())
            return
        if self._budget is not None and terms.volume_pct:
            step = None if instrument is None else instrument.amount_step
            quantity = self._budget.take(order.symbol, left, terms.volume_pct, time_ms, step)
            if not quantity:
                return
        held.fills += 1
        cost = quantity * price
        fill = Fill(
            client_order_id=order.client_order_id,
            venue_order_id=venue_order_id(order),
            venue_trade_id=f"{venue_order_id(order)}-{held.fills}",
            symbol=order.symbol,
            side=order.side,
            quantity=quantity,
            price=price,
            fee=fee(cost, terms.fee_pct),
            fee_currency=currencies(order.symbol).money,
            time_ms=time_ms,
        )
        held.add(quantity, cost, price, time_ms)
        if quantity == left:
            self._end(held, OrderStatus.FILLED, time_ms)
        self.ledger.add(fill, cost, reduces_only=order.reduce_only)
        self._kept_fills.append(fill)
        self._new_fills.append(fill)

    def _end(self, held: Held, status: OrderStatus, time_ms: int) -> None:
        """Move an order to those that have ended; the oldest are forgotten."""
        held.status, held.updated_ms = status, time_ms
        self._ended.append(held.order.client_order_id)
        if len(self._ended) > _REMEMBERED:
            del self._orders[self._ended.popleft()]

    def _resting_one(self, order: Order) -> Held | None:
        held = self._orders.get(order.client_order_id)
        return None if held is None or held.status.is_final else held


def _traits(market: MarketType) -> Traits:
    return Traits(
        has_stop=False,
        has_target=False,
        can_amend=True,
        has_client_ids=True,
        has_positions=market is MarketType.SWAP,
        matches_touches=True,
    )
