"""The paper money of a connection: what it began with and what its closed trades made."""

from collections import defaultdict
from decimal import Decimal

from cts_tui.engine.book import Holder
from cts_tui.model.money import ZERO


class Account:
    """Equity in quote currency, without open PnL. A replay keeps one balance per holder."""

    def __init__(self, balance: Decimal, *, is_shared: bool = True) -> None:
        self._balance = balance
        self._is_shared = is_shared
        self._realized: defaultdict[Holder | None, Decimal] = defaultdict(lambda: ZERO)

    def equity(self, holder: Holder) -> Decimal:
        """Return what an entry of `holder` is sized by."""
        return self._balance + self._realized[None if self._is_shared else holder]

    def book(self, holder: Holder, pnl: Decimal) -> None:
        """Add the realized PnL of a closed trade."""
        self._realized[None if self._is_shared else holder] += pnl
