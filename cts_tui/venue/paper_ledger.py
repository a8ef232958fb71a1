"""What a paper account holds: amounts by currency, and the net position of every swap."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import NamedTuple

from cts_tui.model.money import ZERO, gross_pnl, notional, round_money, round_price
from cts_tui.model.records import Fill
from cts_tui.model.trading import Direction, Side
from cts_tui.venue.venue import Balances, VenuePosition


@dataclass(slots=True)
class _Net:
    """A position on one symbol: quantity > 0 long, < 0 short."""

    quantity: Decimal = ZERO
    entry_price: Decimal = ZERO


class Currencies(NamedTuple):
    """What a symbol is traded in; `settle` is empty on spot."""

    base: str
    quote: str
    settle: str

    @property
    def money(self) -> str:
        """What an order is paid with."""
        return self.settle or self.quote


_known: dict[str, Currencies] = {}


def currencies(symbol: str) -> Currencies:
    """Return the currencies that a symbol names."""
    known = _known.get(symbol)
    if known is None:
        pair, _, settle = symbol.partition(":")
        base, _, quote = pair.partition("/")
        known = _known[symbol] = Currencies(base, quote or "quote", settle)
    return known


class PaperLedger:
    """Adds up fills. Without `funds` it begins at zero, and an amount may be negative."""

    def __init__(self, funds: Mapping[str, Decimal] | None = None) -> None:
        self.is_funded = funds is not None
        """Whether it may spend no more than it has."""
        self._amounts: dict[str, Decimal] = dict(funds or {})
        self._first = ZERO
        self._net: dict[str, _Net] = {}
        self._leverage: dict[str, int] = {}
        self._sold: dict[str, Decimal] = {}
        """By spot symbol that was sold short (a simulated market lets one), what that brought."""

    def fund(self, amounts: Mapping[str, Decimal], first: Decimal) -> None:
        """Begin anew with these amounts, and spend no more than there is from now on.

        Of what symbols are paid in and none is named of, there is `first`.
        """
        self.is_funded, self._amounts, self._first = True, dict(amounts), first

    def begin(self, symbol: str) -> None:
        """See to it that there is money for a symbol that was not traded before."""
        if self._first:
            self._amounts.setdefault(currencies(symbol).money, self._first)

    def hold(self, symbol: str, quantity: Decimal, entry_price: Decimal) -> None:
        """Take up a position that was open before: quantity > 0 long, < 0 short."""
        if currencies(symbol).settle:
            net = self._net.setdefault(symbol, _Net())
            worth = notional(net.quantity, net.entry_price) + notional(quantity, entry_price)
            net.quantity += quantity
            net.entry_price = round_price(worth / net.quantity) if net.quantity else ZERO
        elif quantity < 0:
            self._sold[symbol] = self._sold.get(symbol, ZERO) - notional(quantity, entry_price)

    def set_leverage(self, symbol: str, leverage: int) -> None:
        """Ask for 1 / `leverage` of a position's notional as its margin from now on."""
        self._leverage[symbol] = leverage

    def leverage(self, symbol: str) -> int:
        """Return the leverage on a symbol, 1 unless set."""
        return self._leverage.get(symbol, 1)

    def pay(self, symbol: str, amount: Decimal) -> None:
        """Take `amount` (< 0: give it) of what a symbol is paid in: funding."""
        self.receive(currencies(symbol).money, -amount)

    def receive(self, currency: str, amount: Decimal) -> None:
        """Give `amount` (< 0: take it) of a currency."""
        self._amounts[currency] = self._amounts.get(currency, ZERO) + amount

    def add(self, fill: Fill, cost: Decimal, *, reduces_only: bool) -> None:
        """Book a fill and its cost: a spot trade moves base and quote, a swap its position."""
        base, quote, settle = currencies(fill.symbol)
        amounts = self._amounts
        if settle:
            made = self._trade(fill, reduces_only=reduces_only) - fill.fee
            amounts[settle] = amounts.get(settle, ZERO) + made
            return
        is_buy = fill.side is Side.BUY
        amounts[base] = amounts.get(base, ZERO) + (fill.quantity if is_buy else -fill.quantity)
        amounts[quote] = amounts.get(quote, ZERO) - fill.fee + (-cost if is_buy else cost)
        if self.is_funded and is_buy is reduces_only:  # a short opens or closes
            sold = self._sold.get(fill.symbol, ZERO) + (-cost if is_buy else cost)
            self._sold[fill.symbol] = sold if amounts[base] < 0 else ZERO

    def _trade(self, fill: Fill, *, reduces_only: bool) -> Decimal:
        """Move the net position by a fill; return the PnL that it realized."""
        net = self._net.setdefault(fill.symbol, _Net())
        change = fill.quantity if fill.side is Side.BUY else -fill.quantity
        held = net.quantity
        if held * change >= 0:
            if not reduces_only:  # what was opened before this process is not remembered here
                worth = abs(held) * net.entry_price + fill.quantity * fill.price
                net.quantity = held + change
                net.entry_price = round_price(worth / abs(net.quantity))
            return ZERO
        closed = min(abs(held), fill.quantity)
        pnl = gross_pnl(_direction(held), closed, net.entry_price, fill.price)
        is_beyond = fill.quantity > abs(held)
        net.quantity = ZERO if is_beyond and reduces_only else held + change
        if is_beyond:
            net.entry_price = fill.price
        return pnl

    def positions(self, symbols: Iterable[str]) -> list[VenuePosition]:
        """Return the net positions that are not zero."""
        return [
            VenuePosition(symbol, _direction(net.quantity), abs(net.quantity), net.entry_price)
            for symbol in symbols
            if (net := self._net.get(symbol)) is not None and net.quantity
        ]

    def balances(self, claims: Iterable[tuple[str, Decimal]] = ()) -> Balances:
        """Return what is held. Resting orders lock their `claims`, amounts of currencies.

        So do the margin of swaps, and what short sales on spot brought with as much again.
        """
        used: dict[str, Decimal] = {}
        for symbol, net in self._net.items():
            margin = notional(abs(net.quantity), net.entry_price) / self.leverage(symbol)
            _add(used, currencies(symbol).settle, round_money(margin))
        for symbol, sold in self._sold.items():
            if self._amounts.get(currencies(symbol).base, ZERO) < 0:
                _add(used, currencies(symbol).quote, 2 * sold)
        for currency, amount in claims:
            _add(used, currency, amount)
        total = {currency: amount for currency, amount in self._amounts.items() if amount}
        free = {
            currency: total.get(currency, ZERO) - used.get(currency, ZERO)
            for currency in {**total, **used}
        }
        return Balances(free, used, total)


def _add(amounts: dict[str, Decimal], currency: str, amount: Decimal) -> None:
    if amount:
        amounts[currency] = amounts.get(currency, ZERO) + amount


def _direction(quantity: Decimal) -> Direction:
    return Direction.LONG if quantity > 0 else Direction.SHORT
