"""The money of a connection: on paper what its trades made of it, live what the venue tells."""

from collections import defaultdict
from collections.abc import Mapping
from decimal import Decimal

from cts_tui.engine.book import Holder
from cts_tui.model.money import ZERO, settle_currency


class Account:
    """Equity in quote currency, without open PnL. A replay keeps one balance per holder."""

    def __init__(self, balance: Decimal, *, is_shared: bool = True) -> None:
        self.balance = balance
        """What a paper connection starts with."""
        self._is_shared = is_shared
        self._realized: defaultdict[Holder | None, Decimal] = defaultdict(lambda: ZERO)
        self._realized_live = ZERO
        self._told: Mapping[str, Decimal] | None = None
        """What the account at the venue holds, by currency; None before it is known."""
        self._free: Mapping[str, Decimal] | None = None

    def equity(self, holder: Holder, *, is_live: bool = False) -> Decimal:
        """Return what an entry of `holder` is sized by: live the account's quote currency."""
        if is_live:
            return self.total(settle_currency(holder[1])) or ZERO
        return self.balance + self._realized[None if self._is_shared else holder]

    def realized(self, *, is_live: bool) -> Decimal:
        """Return what all closed trades made, on paper or with real money."""
        return self._realized_live if is_live else sum(self._realized.values(), ZERO)

    def total(self, currency: str) -> Decimal | None:
        """Return what the account at the venue holds of a currency, None before it is known."""
        return None if self._told is None else self._told.get(currency, ZERO)

    def free(self, currency: str) -> Decimal | None:
        """Return what of it may be spent, None before it is known."""
        return None if self._free is None else self._free.get(currency, ZERO)

    def book(self, holder: Holder, pnl: Decimal, *, is_live: bool = False) -> None:
        """Add the realized PnL of a closed trade."""
        if is_live:
            self._realized_live += pnl
        else:
            self._realized[None if self._is_shared else holder] += pnl

    def tell(
        self, totals: Mapping[str, Decimal], free: Mapping[str, Decimal] | None = None
    ) -> None:
        """Take over what the account at the venue holds: live entries are sized by that."""
        self._told = dict(totals)
        if free is not None:
            self._free = dict(free)
