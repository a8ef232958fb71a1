"""Finds orders at an exchange: by id, among the open ones, the ended ones, and in the trades.

After an ambiguous failure one place alone proves nothing (note 5): a search tells which answered.
"""

from collections.abc import Awaitable, Callable, Sequence
from typing import Any, Final

from cts_tui.errors import AuthenticationError, CtsError, RetryableError, VenueError
from cts_tui.exchange.faults import NOT_FOUND
from cts_tui.exchange.limiter import Priority
from cts_tui.exchange.session import ExchangeSession
from cts_tui.model.money import ZERO, average_price
from cts_tui.model.records import Fill, Order
from cts_tui.model.trading import OrderStatus
from cts_tui.venue.ccxt_abilities import Abilities
from cts_tui.venue.ccxt_reading import Reader, placed_by_trigger
from cts_tui.venue.ccxt_requests import FETCH_ORDER, is_trigger, trigger_listings
from cts_tui.venue.ccxt_trades import Trades
from cts_tui.venue.client_ids import OrderNames
from cts_tui.venue.venue import OrderReport, Search

_BEFORE_MS: Final = 300_000
"""Ended orders and trades are looked for from five minutes before the order was made: clocks."""
_MANY_SYMBOLS: Final = 10
"""For more symbols than this the open orders of all are asked for in one request, if possible."""

_MOST_PAGES: Final = 10
"""How many pages ccxt fetches by itself."""

Look = Callable[[Order], Awaitable[OrderReport | None]]


class OrderSearch:
    """What rests and what has become of orders."""

    def __init__(
        self,
        session: ExchangeSession,
        abilities: Abilities,
        reader: Reader,
        names: OrderNames,
        trades: Trades,
    ) -> None:
        self._session = session
        self._abilities = abilities
        self._reader = reader
        self._names = names
        self._trades = trades

    async def find(self, order: Order) -> Search:
        """Look everywhere until the order is found. Raises what the last place said if none did."""
        looks: tuple[tuple[str, Look], ...] = (
            ("order", self._by_id),
            ("open orders", self._among_open),
            ("closed orders", self._among_ended),
            ("trades", self._in_trades),
        )
        asked: list[str] = []
        silent: list[str] = []
        vague: OrderReport | None = None
        failure: CtsError | None = None
        for place, look in looks:
            try:
                report = await look(order)
            except AuthenticationError:
                raise
            except _CannotAskError:
                continue
            except (VenueError, RetryableError) as error:
                failure = error
                if isinstance(error, RetryableError):
                    silent.append(place)
                continue
            asked.append(place)
            if report is not None and report.status is not OrderStatus.UNKNOWN:
                return Search(report, tuple(asked))
            vague = vague or report
        if not asked and failure is not None:
            raise failure
        return Search(vague, tuple(asked), tuple(silent))

    async def open_orders(self, symbols: Sequence[str]) -> list[OrderReport]:
        """Return what rests on symbols, triggers included (notes 9, 10)."""
        wanted = [symbol for symbol in symbols if symbol in self._reader.instruments]
        rows: list[Any] = []
        for params in ({}, *trigger_listings(self._session.exchange, self._abilities)):
            rows += await self._listing(wanted, params)
        reports = {
            report.venue_order_id: report
            for row in rows
            if (report := self._reader.report(row)) is not None and report.symbol in wanted
        }
        return [report for report in reports.values() if not report.status.is_final]

    async def _listing(self, symbols: Sequence[str], params: dict[str, Any]) -> list[Any]:
        if len(symbols) > _MANY_SYMBOLS:
            try:
                return await self._page(None, params)
            except AuthenticationError:
                raise
            except VenueError:
                pass  # this exchange wants a symbol
        return [row for symbol in symbols for row in await self._page(symbol, params)]

    async def _page(self, symbol: str | None, params: dict[str, Any]) -> list[Any]:
        limit = self._abilities.open_orders_page
        return (await self._pages("fetch_open_orders", symbol, None, limit, params))[0]

    async def _pages(
        self,
        method: str,
        symbol: str | None,
        since_ms: int | None,
        limit: int | None,
        params: dict[str, Any],
    ) -> tuple[list[Any], bool]:
        """Return the rows of a listing, all pages where one is full, and whether these are all."""
        rows = await self._fetch(method, symbol, since_ms, limit, params=params)
        if limit is None or len(rows) < limit:
            return rows, True
        if method not in self._abilities.paged:
            return rows, False
        paged = {**params, "paginate": True}  # ccxt cuts all pages together to a limit it is given
        more = await self._fetch(method, symbol, since_ms, None, params=paged)
        return rows + more, len(more) < limit * _MOST_PAGES

    async def _by_id(self, order: Order) -> OrderReport | None:
        sent, params = self._names.wire(order.client_order_id), dict(FETCH_ORDER.get(self._id, {}))
        if order.venue_order_id is None and not self._abilities.finds_by_client_id:
            raise _CannotAskError
        if not self._session.has("fetchOrder"):
            raise _CannotAskError
        if order.venue_order_id is None:
            params["clientOrderId"] = sent
        if is_trigger(order) and self._abilities.fetches_triggers_apart:
            params["trigger"] = True
        found = await self._order(order.venue_order_id or sent, order.symbol, params)
        report = _matching([self._reader.report(found)], order)
        placed = placed_by_trigger(found) if found else ""
        if report is not None and report.status is OrderStatus.UNKNOWN and placed:
            became = await self._order(placed, order.symbol, dict(FETCH_ORDER.get(self._id, {})))
            return _matching([self._reader.report(became)], order) or report
        return report

    async def name_of(self, symbol: str, venue_order_id: str) -> str:
        """Return the client order id of an order by the exchange's, '' where it does not tell."""
        if not self._session.has("fetchOrder"):
            return ""
        params = dict(FETCH_ORDER.get(self._id, {}))
        report = self._reader.report(await self._order(venue_order_id, symbol, params))
        return "" if report is None else report.client_order_id

    @property
    def _id(self) -> str:
        return self._session.exchange

    async def _order(self, id_: str, symbol: str, params: dict[str, Any]) -> Any:
        """Return one ccxt order, None where the exchange says that it has none."""
        try:
            return await self._session.call(
                "fetch_order", id_, symbol, params=params, priority=Priority.ACCOUNT
            )
        except VenueError as error:
            if error.code != NOT_FOUND:
                raise
            return None

    async def _among_open(self, order: Order) -> OrderReport | None:
        return _matching(await self.open_orders([order.symbol]), order)

    async def _among_ended(self, order: Order) -> OrderReport | None:
        """Look among closed and cancelled orders, which some exchanges list apart (note 8)."""
        methods = _ended_listings(self._session)
        if not methods:
            raise _CannotAskError
        since_ms = order.created_ms - _BEFORE_MS
        listings: tuple[dict[str, Any], ...] = ({},)
        if is_trigger(order):
            listings += trigger_listings(self._id, self._abilities)
        limit, has_all = self._abilities.ended_orders_page, True
        for listing in listings:
            for method in methods:
                rows, is_all = await self._pages(method, order.symbol, since_ms, limit, listing)
                report = _matching([self._reader.report(row) for row in rows], order)
                if report is not None:
                    return report
                has_all = has_all and is_all
        if not has_all:
            raise _CannotAskError  # it may be on a page that was not given
        return None

    async def _in_trades(self, order: Order) -> OrderReport | None:
        if not self._session.has("fetchMyTrades"):
            raise _CannotAskError
        fills = await self._trades.since(order.symbol, order.created_ms - _BEFORE_MS)
        own = [fill for fill in fills if _is_of(fill.client_order_id, fill.venue_order_id, order)]
        return _from_fills(own, order) if own else None

    async def _fetch(self, method: str, *args: Any, params: dict[str, Any]) -> list[Any]:
        rows: list[Any] = await self._session.call(
            method, *args, params=params, priority=Priority.ACCOUNT
        )
        return rows


class _CannotAskError(Exception):
    """This exchange has no such place to look."""


def _ended_listings(session: ExchangeSession) -> tuple[str, ...]:
    """Return the ccxt methods that together list every order that has ended."""
    if session.client.has.get("fetchOrders") is True:
        return ("fetch_orders",)
    if session.has("fetchCanceledAndClosedOrders"):
        return ("fetch_canceled_and_closed_orders",)
    known = {
        "fetchClosedOrders": "fetch_closed_orders",
        "fetchCanceledOrders": "fetch_canceled_orders",
    }
    return tuple(method for name, method in known.items() if session.has(name))


def _matching(reports: Sequence[OrderReport | None], order: Order) -> OrderReport | None:
    """Return the report of an order; of two, that of the order its trigger became."""
    own = [
        report
        for report in reports
        if report is not None and _is_of(report.client_order_id, report.venue_order_id, order)
    ]
    return next(
        (one for one in own if one.status is not OrderStatus.UNKNOWN), next(iter(own), None)
    )


def _is_of(client_order_id: str, venue_order_id: str, order: Order) -> bool:
    return client_order_id == order.client_order_id or (
        order.venue_order_id is not None and venue_order_id == order.venue_order_id
    )


def _from_fills(fills: Sequence[Fill], order: Order) -> OrderReport:
    """Return what fills alone prove of an order: whether the rest still works they do not say."""
    filled = sum((fill.quantity for fill in fills), ZERO)
    cost = sum((fill.quantity * fill.price for fill in fills), ZERO)
    is_whole = order.quantity is not None and filled >= order.quantity
    return OrderReport(
        client_order_id=order.client_order_id,
        venue_order_id=fills[0].venue_order_id,
        symbol=order.symbol,
        side=order.side,
        type=order.type,
        status=OrderStatus.FILLED if is_whole else OrderStatus.UNKNOWN,
        quantity=order.quantity,
        price=order.price,
        filled=filled,
        average_price=average_price(cost, filled),
        reduce_only=order.reduce_only,
        updated_ms=fills[-1].time_ms,
    )
