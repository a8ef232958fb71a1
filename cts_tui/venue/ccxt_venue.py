"""An exchange as a venue: orders out over ccxt's unified calls, spot and linear swaps.

Nothing here retries an order. What may have arrived raises UnknownOutcome, and `find` looks for it.
"""

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from decimal import Decimal
from typing import Any

from cts_tui.errors import AuthenticationError, CtsError, VenueError
from cts_tui.exchange.faults import NOT_FOUND
from cts_tui.exchange.limiter import Priority
from cts_tui.exchange.session import ExchangeSession
from cts_tui.model.instrument import Instrument
from cts_tui.model.records import Fill, Order
from cts_tui.model.trading import MarketType, OrderType
from cts_tui.venue import ccxt_reading
from cts_tui.venue.ccxt_abilities import abilities_of
from cts_tui.venue.ccxt_inbox import Inbox
from cts_tui.venue.ccxt_margin import Margin
from cts_tui.venue.ccxt_order_stream import OrderStream
from cts_tui.venue.ccxt_reading import Reader
from cts_tui.venue.ccxt_requests import (
    UnsendableError,
    can_cancel_by_name,
    cancel_params,
    exactly,
)
from cts_tui.venue.ccxt_search import OrderSearch
from cts_tui.venue.ccxt_submission import Submission
from cts_tui.venue.ccxt_trades import Trades
from cts_tui.venue.checks import malformed
from cts_tui.venue.client_ids import OrderNames
from cts_tui.venue.steps import fault
from cts_tui.venue.venue import (
    Accepted,
    Balances,
    OrderReport,
    Rejected,
    Search,
    Traits,
    Updates,
    VenuePosition,
)


class _NotByNameError(Exception):
    """This exchange cancels by its own ids only."""


def _ignore() -> None:
    """Nobody waits."""


class CcxtVenue:
    """One account at one exchange; `symbols` are those that are traded.

    `wake` is called whenever `take_updates` has something new, `interrupted` when a stream is cut
    and when it is back.
    """

    def __init__(
        self,
        session: ExchangeSession,
        symbols: Sequence[str],
        *,
        wake: Callable[[], None] = _ignore,
        interrupted: Callable[[], None] = _ignore,
    ) -> None:
        self._session = session
        self._symbols = tuple(symbols)
        self._abilities = abilities_of(session.client, session.market)
        self._names = OrderNames(session.exchange)
        self._reader = Reader(session.instruments, self._names)
        self._trades = Trades(session, self._abilities, self._reader)
        self._search = OrderSearch(
            session, self._abilities, self._reader, self._names, self._trades
        )
        self._inbox = Inbox(self._names)
        self._stream = OrderStream(
            session,
            symbols,
            self._reader,
            self._search,
            self._trades,
            self._inbox,
            wake,
            interrupted,
        )
        self._margin = Margin(session, self._abilities)
        self._submission = Submission(
            session, self._abilities, self._names, self._reader, self._margin, self._stream
        )

    @property
    def traits(self) -> Traits:
        """What this exchange can do on this kind of market."""
        return self._abilities.traits

    @property
    def is_hedged(self) -> bool:
        """Whether the account keeps both sides of a symbol apart, as far as it was asked."""
        return self._margin.was_hedged

    def instrument(self, symbol: str) -> Instrument | None:
        """Return the market of a symbol, None where the exchange has none (delisted)."""
        return self._instruments.get(symbol)

    @property
    def _instruments(self) -> Mapping[str, Instrument]:
        self._reader.instruments = self._session.instruments  # a reload replaces them
        return self._session.instruments

    async def submit(self, order: Order) -> Accepted | Rejected:
        """Send an order once. A price that the exchange answers is never believed (note 7)."""
        return await self._submission.submit(order, self._instruments.get(order.symbol))

    async def cancel(self, order: Order) -> bool:
        """Cancel an order. A failure leaves nothing in doubt that asking again would not settle.

        One whose id at the exchange is not known is cancelled by ours, in one request.
        """
        if order.venue_order_id is None:
            with suppress(_NotByNameError):
                return await self._cancel_by_name(order)
            report = (await self.find(order)).report
            if report is None or report.status.is_final:
                return False
            order = replace(order, venue_order_id=report.venue_order_id)
        try:
            await self._cancel(order, order.venue_order_id)
        except AuthenticationError:
            raise
        except VenueError as error:
            if error.code == NOT_FOUND or await self._has_ended(order):
                return False
            raise
        return True

    async def _cancel(self, order: Order, id_: str | None, **more: str) -> None:
        params = cancel_params(self._session.exchange, self._session.market, order, self._abilities)
        await self._session.call(
            "cancel_order", id_, order.symbol, params=params | more, priority=Priority.CANCEL
        )

    async def _cancel_by_name(self, order: Order) -> bool:
        """Cancel an order by our id. Raises _NotByNameError where the exchange cannot."""
        if not can_cancel_by_name(self._session.exchange, order, self._abilities):
            raise _NotByNameError
        sent = self._names.wire(order.client_order_id)
        try:
            await self._cancel(order, sent, clientOrderId=sent)
        except AuthenticationError:
            raise
        except VenueError as error:
            if error.code != NOT_FOUND:
                raise _NotByNameError from error
            return False
        return True

    async def _has_ended(self, order: Order) -> bool:
        report = (await self.find(order)).report
        return report is not None and report.status.is_final

    async def amend(self, order: Order, *, price: Decimal, quantity: Decimal) -> bool:
        """Move a limit order where the exchange does it in one step; else return False."""
        instrument = self._instruments.get(order.symbol)
        moved = replace(order, price=price, quantity=quantity)
        is_possible = self.traits.can_amend and order.type is OrderType.LIMIT
        if instrument is None or not is_possible or order.venue_order_id is None:
            return False
        if malformed(moved) is not None or fault(moved, instrument) is not None:
            return False
        try:
            await self._session.call(
                "edit_order",
                order.venue_order_id,
                order.symbol,
                "limit",
                order.side.value,
                exactly(quantity / instrument.contract_size, "quantity"),
                exactly(price, "price"),
                priority=Priority.ORDER,
                is_order=True,
            )
        except AuthenticationError:
            raise
        except (VenueError, UnsendableError):
            return False
        return True

    async def find(self, order: Order) -> Search:
        """Look for an order by client order id, in every place that the exchange has."""
        search = await self._search.find(order)
        if search.report is not None:
            self._names.link(search.report.venue_order_id, order.client_order_id)
            search = replace(
                search, report=replace(search.report, client_order_id=order.client_order_id)
            )
        return search

    async def name_of(self, symbol: str, venue_order_id: str) -> str:
        """Return our client order id of an order of the exchange, else the one it was given."""
        known = self._names.ours("", venue_order_id)
        return known or await self._search.name_of(symbol, venue_order_id)

    async def open_orders(self, symbols: Sequence[str]) -> list[OrderReport]:
        """Return every order that rests on `symbols`, stops and targets included."""
        return await self._search.open_orders(symbols)

    async def fills(self, symbol: str, since_ms: int) -> list[Fill]:
        """Return the account's fills on a symbol since a time, oldest first, complete."""
        return await self._trades.since(symbol, since_ms)

    async def positions(self, symbols: Sequence[str]) -> list[VenuePosition]:
        """Return the positions that are not zero; empty on spot."""
        wanted = [symbol for symbol in symbols if symbol in self._instruments]
        if not self.traits.has_positions or not wanted:
            return []
        rows = await self._position_rows(wanted)
        found = [self._reader.position(row) for row in rows]
        return [held for held in found if held is not None and held.symbol in wanted]

    async def _position_rows(self, symbols: Sequence[str]) -> list[Any]:
        """Return ccxt's rows; some exchanges tell of one symbol at a time only.

        Without a symbol they tell of all, but of the first page and of one settle currency.
        """
        try:
            return await self._fetch_positions(symbols)
        except AuthenticationError:
            raise
        except VenueError:
            if len(symbols) == 1:
                raise
        return [row for symbol in symbols for row in await self._fetch_positions([symbol])]

    async def _fetch_positions(self, symbols: Sequence[str]) -> list[Any]:
        rows: list[Any] = await self._session.call(
            "fetch_positions", list(symbols), priority=Priority.ACCOUNT
        )
        return rows

    async def balances(self) -> Balances:
        """Return what the account holds."""
        row = await self._session.call("fetch_balance", priority=Priority.ACCOUNT)
        return ccxt_reading.balances(row)

    async def prepare(self, symbol: str, *, leverage: int | None, margin_mode: str | None) -> None:
        """Set and verify leverage and margin mode of a swap; nothing to do on spot."""
        if self._session.market is MarketType.SWAP:
            await self._margin.prepare(symbol, leverage, margin_mode)

    def follow(self, orders: Sequence[Order]) -> None:
        """Keep an eye on orders from before this start, and know their names again."""
        for order in orders:
            self._names.wire(order.client_order_id)
            self._names.link(order.venue_order_id, order.client_order_id)
            self._stream.follow(order)

    async def run(self) -> None:
        """Follow orders and fills by stream and polls until cancelled."""
        if self.traits.has_positions and self._symbols:
            with suppress(CtsError):  # so that the first exit need not wait for it
                await self._margin.is_hedged(self._symbols[0])
        await self._stream.run()

    async def poll(self) -> None:
        """Ask once for what a stream would have told. Raises kinds of CtsError."""
        await self._stream.poll()

    def take_updates(self) -> Updates:
        """Return what came in since the last call."""
        self._stream.name_fills()
        return self._inbox.take()

    def observe(
        self,
        symbol: str,
        price: Decimal,
        time_ms: int,
        *,
        bid: Decimal | None = None,
        ask: Decimal | None = None,
    ) -> None:
        """Note the latest price: it values market orders before they are sent."""
        self._submission.price_seen(symbol, ask or price, time_ms)
