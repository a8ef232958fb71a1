"""What a position holds, made of its fills alone: quantity, cost, fees, PnL, to the last digit."""

from dataclasses import dataclass
from decimal import Decimal
from typing import NamedTuple

from cts_tui.model.money import ZERO, average_price, cash_pnl, notional, round_money
from cts_tui.model.records import Fill, PositionRecord
from cts_tui.model.trading import Direction


class FeeParts(NamedTuple):
    """What a fee did to the account; all ≥ 0, a rebate < 0."""

    value: Decimal
    """What it was worth in quote currency."""
    quantity: Decimal
    """What it took from the base quantity: many spot venues keep their fee of what they buy."""
    paid: Decimal
    """What it cost beside that, in quote currency."""


def fee_parts(fill: Fill, price_of_fee: Decimal | None = None) -> FeeParts:
    """Return what the fee of a fill was paid with.

    `price_of_fee` is the price in quote of one unit of a third currency (like BNB); without it such
    a fee counts as 0, which the caller has to tell. 0.001 BTC on a buy at 100 → worth 0.1, taken
    from the quantity; 0.1 USDT → worth 0.1, paid.
    """
    base, _, rest = fill.symbol.partition("/")
    quote, _, settle = rest.partition(":")
    if not fill.fee or not quote or fill.fee_currency in (settle, quote):
        return FeeParts(fill.fee, ZERO, fill.fee)
    if fill.fee_currency == base and not settle:
        return FeeParts(round_money(fill.fee * fill.price), fill.fee, ZERO)
    value = round_money(fill.fee * (price_of_fee or ZERO))
    return FeeParts(value, ZERO, value)


@dataclass(slots=True)
class Holding:
    """Sums over the fills of one position. Quantities in base ≥ 0, money in quote."""

    side: Direction
    entered: Decimal = ZERO
    entry_cost: Decimal = ZERO
    fee_quantity: Decimal = ZERO
    """What fees took from the quantity."""
    exited: Decimal = ZERO
    exit_value: Decimal = ZERO
    fees: Decimal = ZERO
    """Worth of all fees, of both sides."""
    paid_fees: Decimal = ZERO
    """The part of `fees` that is not in `fee_quantity`."""
    entry_price: Decimal = ZERO
    """Average price of the entry's fills; 0 before the first."""
    exit_price: Decimal | None = None
    """Average price of the exit's fills; None before the first."""

    @classmethod
    def restored(cls, record: PositionRecord) -> "Holding":
        """Return the sums as they were stored."""
        average = average_price(record.exit_value, record.exited) if record.exited else None
        return cls(
            side=record.side,
            entered=record.entered,
            entry_cost=record.entry_cost,
            fee_quantity=record.entered - record.quantity,
            exited=record.exited,
            exit_value=record.exit_value,
            fees=record.fees,
            paid_fees=record.paid_fees,
            entry_price=record.entry_price,
            exit_price=average,
        )

    @property
    def quantity(self) -> Decimal:
        """How much the entry brought, less what its fees took."""
        return self.entered - self.fee_quantity

    @property
    def held(self) -> Decimal:
        """How much is still open."""
        return self.entered - self.fee_quantity - self.exited

    def enter(self, fill: Fill, fee: FeeParts) -> None:
        """Add a fill that opens or enlarges the position."""
        is_first = not self.entered
        self.entered += fill.quantity
        self.entry_cost += notional(fill.quantity, fill.price)
        self.entry_price = fill.price if is_first else average_price(self.entry_cost, self.entered)
        self._pay(fee)

    def leave(self, fill: Fill, fee: FeeParts) -> None:
        """Add a fill that reduces the position."""
        is_first = not self.exited
        self.exited += fill.quantity
        self.exit_value += notional(fill.quantity, fill.price)
        self.exit_price = fill.price if is_first else average_price(self.exit_value, self.exited)
        self._pay(fee)

    def pnl(self, mark: Decimal | None = None) -> Decimal:
        """Return the PnL net of fees: what is held is worth `mark`, its cost where that is None.

        Long: bought 1 at 100 with 0.001 taken as fee, sold 0.999 at 110 with a fee of 0.11 →
        109.89 − 100 − 0.11 = 9.78.
        """
        worth = self.entry_price if mark is None else mark
        value = self.exit_value + notional(self.held, worth)
        return cash_pnl(self.side, self.entry_cost, value) - self.paid_fees

    def charge(self, amount: Decimal) -> None:
        """Take what holding the position costs, its funding, in quote; < 0 is received."""
        self._pay(FeeParts(amount, ZERO, amount))

    def _pay(self, fee: FeeParts) -> None:
        self.fees += fee.value
        self.fee_quantity += fee.quantity
        self.paid_fees += fee.paid
