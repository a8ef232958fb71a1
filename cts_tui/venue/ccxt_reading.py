"""ccxt's orders, trades, positions and balances → the values of the Venue protocol."""

from collections.abc import Iterable, Mapping
from decimal import Decimal, InvalidOperation
from typing import Any, Final

from cts_tui.model.instrument import Instrument
from cts_tui.model.money import ZERO
from cts_tui.model.records import Fill
from cts_tui.model.trading import Direction, MarketType, OrderStatus, OrderType, Side
from cts_tui.venue.client_ids import OrderNames
from cts_tui.venue.venue import Balances, OrderReport, VenuePosition

_STATUSES: Final = {
    "open": OrderStatus.OPEN,
    "closed": OrderStatus.FILLED,
    "canceled": OrderStatus.CANCELLED,
    "cancelled": OrderStatus.CANCELLED,
    "expired": OrderStatus.EXPIRED,
    "rejected": OrderStatus.REJECTED,
}
_PLACED_BY_TRIGGER: Final = ("actualOrderId", "ordId", "trade_id")
"""Fields of a trigger order that name the order it became."""

_CLIENT_IDS: Final = (
    "orderLinkId",
    "clOrdId",
    "clientOid",
    "clientOrderId",
    "client_order_id",
    "cl_ord_id",
    "cloid",
)
"""Fields by which exchanges name the client order id of a trade; ccxt does not hand it on."""

_KINDS: Final = ("category", "instType")
_SPOT_WORDS: Final = ("spot", "margin")
_SWAP_WORDS: Final = ("linear", "inverse", "swap", "futures", "option")
"""Fields by which exchanges name the kind of market of a row, and what they say there."""


def number(value: Any) -> Decimal | None:
    """Return a finite number of ccxt's (float, int or text) exactly as it is written, else None."""
    if value is None or isinstance(value, bool):
        return None
    try:
        found = Decimal(str(value))
    except InvalidOperation:
        return None
    return found if found.is_finite() else None


def amount(value: Any) -> Decimal:
    """Return a number, 0 where there is none."""
    return number(value) or ZERO


class Reader:
    """Reads what one exchange says of its instruments; what cannot be read gives None."""

    def __init__(self, instruments: Mapping[str, Instrument], names: OrderNames) -> None:
        self.instruments = instruments
        self._names = names

    def report(self, row: Any) -> OrderReport | None:
        """Return what a ccxt order says; None where it says too little, or of another market."""
        if not isinstance(row, Mapping):
            return None
        instrument = self._instrument(row)
        venue_order_id, side = _text(row.get("id")), row.get("side")
        if instrument is None or not venue_order_id or side not in ("buy", "sell"):
            return None
        client_order_id = self._names.ours(_text(row.get("clientOrderId")), venue_order_id)
        self._names.link(venue_order_id, client_order_id)
        size = instrument.contract_size
        quantity, filled = number(row.get("amount")), amount(row.get("filled")) * size
        kind = order_type(row)
        if is_trigger_type(kind) and not number(row.get("average")):
            filled = ZERO  # ccxt takes a trigger order that was touched for one that has filled
        trigger = number(row.get("triggerPrice")) or number(row.get("stopPrice"))
        trigger = trigger or number(row.get("stopLossPrice")) or number(row.get("takeProfitPrice"))
        whole = None if not quantity else quantity * size
        price = number(row.get("price")) if kind is OrderType.LIMIT else None
        if is_trigger_type(kind):
            price = trigger
            self._names.link(placed_by_trigger(row), client_order_id)
        return OrderReport(
            client_order_id=client_order_id,
            venue_order_id=venue_order_id,
            symbol=instrument.symbol,
            side=Side(side),
            type=kind,
            status=status_of(row.get("status"), whole, filled, is_trigger=is_trigger_type(kind)),
            quantity=whole,
            price=price or None,
            filled=filled,
            average_price=(number(row.get("average")) or None) if filled else None,
            reduce_only=row.get("reduceOnly") is True,
            updated_ms=_latest_ms(row),
        )

    def fill(self, row: Any) -> Fill | None:
        """Return what a ccxt trade of the account says, None where it cannot be booked."""
        if not isinstance(row, Mapping):
            return None
        instrument = self._instrument(row)
        quantity, price = number(row.get("amount")), number(row.get("price"))
        side, time_ms = row.get("side"), row.get("timestamp")
        if instrument is None or not quantity or not price or side not in ("buy", "sell"):
            return None
        venue_order_id = _text(row.get("order"))
        named = _text(row.get("clientOrderId")) or _client_id(row.get("info"))
        fee, currency = _fee(row, instrument)
        return Fill(
            client_order_id=self._names.ours(named, venue_order_id),
            venue_order_id=venue_order_id,
            venue_trade_id=_trade_id(row, instrument.symbol),
            symbol=instrument.symbol,
            side=Side(side),
            quantity=quantity * instrument.contract_size,
            price=price,
            fee=fee,
            fee_currency=currency,
            time_ms=int(time_ms or 0),
        )

    def position(self, row: Any) -> VenuePosition | None:
        """Return a position of a linear swap, None where it is zero or of another market."""
        instrument = self._instrument(row)
        contracts = number(row.get("contracts"))
        if instrument is None or not contracts:
            return None
        is_short = row.get("side") == "short" or (row.get("side") is None and contracts < 0)
        return VenuePosition(
            symbol=instrument.symbol,
            side=Direction.SHORT if is_short else Direction.LONG,
            quantity=abs(contracts) * instrument.contract_size,
            entry_price=number(row.get("entryPrice")) or None,
            leverage=number(row.get("leverage")),
            margin_mode=row.get("marginMode"),
            liquidation_price=number(row.get("liquidationPrice")) or None,
            is_hedged=row.get("hedged") is True,
        )

    def _instrument(self, row: Mapping[str, Any]) -> Instrument | None:
        """Return the market of a row, None for one that is not of this kind of market.

        One account's stream may tell of spot and swaps alike; ccxt, which was given the markets of
        one kind, takes a symbol that both have for its own.
        """
        instrument = self.instruments.get(row.get("symbol") or "")
        raw = row.get("info")
        if instrument is None or not isinstance(raw, Mapping):
            return instrument
        told = next((_text(raw[name]).lower() for name in _KINDS if raw.get(name)), "")
        is_spot = any(word in told for word in _SPOT_WORDS)
        is_swap = any(word in told for word in _SWAP_WORDS)
        is_other = is_swap if instrument.market is MarketType.SPOT else is_spot
        return None if is_other else instrument


def balances(row: Mapping[str, Any]) -> Balances:
    """Return the amounts that are not zero, by currency."""
    parts = (_amounts(row.get("free")), _amounts(row.get("used")), _amounts(row.get("total")))
    return Balances(*parts)


def order_type(row: Mapping[str, Any]) -> OrderType:
    """Return the type of a ccxt order: triggers are known by their prices, or by name."""
    inner = row.get("info")
    raw = inner if isinstance(inner, Mapping) else {}
    names = f"{row.get('type')} {raw.get('type')} {raw.get('origType')} {raw.get('orderType')}"
    lowered = names.lower()
    if row.get("takeProfitPrice") or "take" in lowered:
        return OrderType.TAKE_PROFIT
    if row.get("stopLossPrice") or row.get("triggerPrice") or "stop" in lowered:
        return OrderType.STOP
    return OrderType.LIMIT if str(row.get("type")).lower() == "limit" else OrderType.MARKET


def is_trigger_type(kind: OrderType) -> bool:
    """Return whether orders of a type wait beside the book."""
    return kind in (OrderType.STOP, OrderType.TAKE_PROFIT)


def placed_by_trigger(row: Mapping[str, Any]) -> str:
    """Return the venue's id of the order that a trigger order became, '' where it has not."""
    raw = row.get("info")
    if not isinstance(raw, Mapping):
        return ""
    own = _text(row.get("id"))
    ids = (_text(raw.get(name)) for name in _PLACED_BY_TRIGGER)
    return next((found for found in ids if found not in ("", "0", own)), "")


def status_of(
    word: Any, quantity: Decimal | None, filled: Decimal, *, is_trigger: bool = False
) -> OrderStatus:
    """Return the status of a ccxt order (note 8).

    `closed` with less filled than ordered is cancelled; of a trigger order that has filled nothing
    it says only that it was triggered, so what became of it is unknown.
    """
    status = _STATUSES.get(str(word).lower(), OrderStatus.UNKNOWN)
    if status is OrderStatus.OPEN and filled:
        return OrderStatus.PARTIALLY_FILLED
    if status is not OrderStatus.FILLED:
        return status
    if quantity is not None and filled >= quantity:
        return OrderStatus.FILLED
    if not filled and (is_trigger or quantity is None):
        return OrderStatus.UNKNOWN
    return OrderStatus.FILLED if quantity is None else OrderStatus.CANCELLED


def _fee(row: Mapping[str, Any], instrument: Instrument) -> tuple[Decimal, str]:
    """Return the fee and its currency: of several in one currency the sum, else the largest."""
    rows = [row.get("fee"), *(row.get("fees") or ())] if not row.get("fees") else row["fees"]
    sums: dict[str, Decimal] = {}
    for one in rows:
        cost = number(one.get("cost")) if isinstance(one, Mapping) else None
        if cost:
            currency = str(one.get("currency") or instrument.settle)
            sums[currency] = sums.get(currency, ZERO) + cost
    if not sums:
        return ZERO, instrument.settle
    currency = max(sums, key=lambda name: abs(sums[name]))
    return sums[currency], currency


def _trade_id(row: Mapping[str, Any], symbol: str) -> str:
    """Return a trade's id, unique on the account: the venue's own may count per symbol."""
    own = _text(row.get("id"))
    parts = (own,) if own else (row.get("order"), row.get("timestamp"), row.get("price"))
    return "/".join((symbol, str(row.get("side")), *map(str, parts)))


def _client_id(raw: Any) -> str:
    """Return the client order id that a trade names in the exchange's own words, '' for none."""
    if not isinstance(raw, Mapping):
        return ""
    return next((_text(raw[name]) for name in _CLIENT_IDS if raw.get(name)), "")


def _latest_ms(row: Mapping[str, Any]) -> int:
    names = ("lastUpdateTimestamp", "lastTradeTimestamp", "timestamp")
    return max((int(row[name]) for name in names if row.get(name)), default=0)


def _amounts(values: Any) -> dict[str, Decimal]:
    rows: Iterable[tuple[str, Any]] = values.items() if isinstance(values, Mapping) else ()
    return {currency: found for currency, value in rows if (found := number(value))}


def _text(value: Any) -> str:
    return "" if value is None else str(value)
