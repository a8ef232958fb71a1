"""Futures positions: amounts, entry prices and what closing them earned."""

from dataclasses import dataclass
from decimal import Decimal


@dataclass(slots=True)
class Position:
    """One side of one symbol; `amount` is negative for a short."""

    symbol: str
    side: str = "BOTH"
    amount: Decimal = Decimal(0)
    entry_price: Decimal = Decimal(0)
    realized: Decimal = Decimal(0)
    updated_ms: int = 0

    def apply(self, amount: Decimal, price: Decimal, now_ms: int) -> Decimal:
        """Add a signed amount at a price; return the profit of what it closed, before fees."""
        self.updated_ms = now_ms
        before = self.amount
        closes = min(abs(amount), abs(before)) if before * amount < 0 else Decimal(0)
        sign = 1 if before > 0 else -1
        profit = closes * (price - self.entry_price) * sign
        self.amount = before + amount
        if self.amount == 0:
            self.entry_price = Decimal(0)
        elif before * self.amount <= 0:
            self.entry_price = price
        elif abs(self.amount) > abs(before):
            paid = abs(before) * self.entry_price + abs(amount) * price
            self.entry_price = paid / abs(self.amount)
        self.realized += profit
        return profit

    def unrealized(self, mark: Decimal) -> Decimal:
        """Return the profit that closing at `mark` would bring, before fees."""
        return self.amount * (mark - self.entry_price)
