"""Reconciler: compares the account with what we believe of it, at start, on reconnect, every 30 s.

Fills that were missed are booked, orders that vanished are looked for, positions that differ are
explained, what is not ours is shown (S7). Without it no live entry goes out.
"""

from collections.abc import Awaitable, Callable, Collection, Mapping
from functools import partial
from typing import Any, Final

from cts_tui.clock import iso_from_ms
from cts_tui.engine.adoption import Adoption
from cts_tui.engine.context import EngineContext
from cts_tui.engine.differences import Differences
from cts_tui.engine.elsewhere import ClosedElsewhere
from cts_tui.engine.externals import Externals
from cts_tui.engine.fill_names import FillNames
from cts_tui.engine.holding_check import HoldingCheck
from cts_tui.engine.ledger import Ledger
from cts_tui.engine.missed_fills import MissedFills
from cts_tui.engine.order_check import OrderCheck
from cts_tui.engine.processor import CycleReport, Processor
from cts_tui.engine.resolution import Resolver
from cts_tui.engine.sending import OrderSender
from cts_tui.engine.working import WorkingOrders
from cts_tui.errors import CtsError
from cts_tui.model.external import (
    External,
    ExternalKey,
    ExternalKind,
    ExternalStatus,
    ExternalWish,
)
from cts_tui.model.money import ZERO
from cts_tui.venue.venue import Venue

_EVERY_S: Final = 30.0
_AGAIN_S: Final = 3.0
"""Until the next look after one that failed, or found what needs a second one."""
_LASTS_MS: Final = int(2 * _EVERY_S * 1000)
_REPEATED_MS: Final = 5_000
"""So long the answer to a wish may take to reach the store, where the wish is read."""


class Reconciler(Processor):
    """One per engine that can reach an account; its looks alone change nothing there."""

    name = "reconcile"

    def __init__(
        self,
        context: EngineContext,
        orders: WorkingOrders,
        sender: OrderSender,
        ledger: Ledger,
        resolver: Resolver,
        *,
        on_adopted: Callable[[], None],
    ) -> None:
        """`on_adopted` is called when there is something new to protect."""
        super().__init__()
        self.interval_s = _EVERY_S
        self.reconciled_ms: int | None = None
        """When the last round that was complete ended."""
        self._context = context
        self._on_adopted = on_adopted
        self._venue: Venue | None = None
        self._currencies: set[str] = set()
        self._wishes: dict[ExternalKey, ExternalWish] = {}
        self._answered_ms: dict[ExternalKey, int] = {}
        self._differences = Differences(context)
        self.externals = Externals(context, self._differences)
        names = FillNames(context, orders)
        self._fills = MissedFills(context, orders, ledger, self._differences, names, self.figures)
        self.suspect = resolver.on_given_up = self._fills.suspect
        self._orders = OrderCheck(
            context,
            orders,
            sender,
            ledger,
            resolver,
            self._fills,
            self.externals,
            self._differences,
        )
        elsewhere = ClosedElsewhere(context, orders, sender, ledger, self._differences, names)
        self._holdings = HoldingCheck(context, orders, self.externals, elsewhere)
        self._adoption = Adoption(context, orders, sender, ledger, self.externals)
        self._working = orders
        context.reconciled = lambda: self.is_reconciled
        self.wake()

    @property
    def is_reconciled(self) -> bool:
        """Whether a complete round ended less than two intervals ago, on the venue of now."""
        if self.reconciled_ms is None or self._context.live_venue is not self._venue:
            return False
        age_ms = self._context.now_ms() - self.reconciled_ms
        return abs(age_ms) < _LASTS_MS  # of a time yet to come: the clock was set back

    def again(self) -> None:
        """Compare anew before the next live entry: something may have happened out of sight."""
        self.reconciled_ms = None
        self._fills.again()
        self.wake()

    def decide(self, wishes: Mapping[ExternalKey, ExternalWish]) -> None:
        """Take what the trader wishes for externals; a wish that was just answered comes again."""
        old_ms = self._context.now_ms() - _REPEATED_MS
        new = {
            key: wish
            for key, wish in wishes.items()
            if self._wishes.get(key) != wish and self._answered_ms.get(key, -1) < old_ms
        }
        if new:
            self._wishes |= new
            self.wake()

    def summary(self) -> dict[str, Any]:
        """Return what the screens and the health report show."""
        at_ms = self.reconciled_ms
        return {
            "is_reconciled": self.is_reconciled,
            "error": None if self.is_reconciled else self.figures.last_error,
            "time": None if at_ms is None else iso_from_ms(at_ms),
            "time_ms": at_ms,
            "externals": sum(
                one.status is ExternalStatus.EXTERNAL for one in self.externals.there()
            ),
            "differences": self._differences.rows(),
        }

    async def cycle(self) -> CycleReport:
        """Run one round, if the account can be reached and is ours to look after (S9)."""
        self._ignore_wished()
        venue = self._context.live_venue
        if venue is None or not self._context.has_lease:
            self.reconciled_ms, self._venue, self.interval_s = None, None, _EVERY_S
            return CycleReport()
        if venue is not self._venue:
            self.reconciled_ms, self._venue = None, venue
            self._fills.again()
        self.interval_s = _AGAIN_S
        is_complete = await self._round(venue)
        if is_complete and self._context.live_venue is venue:
            self.reconciled_ms = self._context.now_ms()
            self.interval_s = _EVERY_S
        self._context.recorder.flush_when_full()
        return CycleReport(int(is_complete))

    async def _round(self, venue: Venue) -> bool:
        """Compare everything once; return whether all of it could be compared, and agrees."""
        begun_ms, symbols = self._context.now_ms(), self._symbols()
        unread = await self._fills.look(venue)
        done = [not unread, await self._part(partial(self._orders.look, venue, symbols))]
        self._holdings.begin()
        guards = self._orders.vanished.keys()
        done.append(await self._part(partial(self._look_at_balances, venue, unread)))
        if venue.traits.has_positions:
            look = self._holdings.look_at_positions
            done.append(await self._part(partial(look, venue, symbols, unread, guards)))
        self._holdings.end()
        await self._adopt_wished(venue, begun_ms)
        return all(done) and not self._holdings.is_waiting

    async def _part(self, look: Callable[[], Awaitable[None]]) -> bool:
        """Run one part of a round; what the venue refuses keeps up no other. Return whether."""
        try:
            await look()
        except CtsError as error:
            self.figures.record_error(error, self._context.now_ms())
            return False
        return True

    def _symbols(self) -> set[str]:
        """Return the symbols to look at: what is traded, and where something of ours may be."""
        context = self._context
        symbols = {*context.setup.symbols, *context.symbols}
        symbols |= {position.symbol for position in context.book if position.is_live}
        symbols |= {one.order.symbol for one in self._working if one.order.is_live}
        return symbols | {external.symbol for external in self.externals.there()}

    async def _look_at_balances(self, venue: Venue, unread: Collection[str]) -> None:
        """Record what the account holds; live entries are sized by it."""
        context, before = self._context, self._holdings.held()
        balances = await venue.balances()
        now_ms = context.now_ms()
        currencies = set(balances.total) | set(balances.free) | set(balances.used)
        for currency in sorted(currencies | self._currencies):
            context.recorder.batch.balance(
                context.setup.id,
                currency,
                free=balances.free.get(currency, ZERO),
                used=balances.used.get(currency, ZERO),
                total=balances.total.get(currency, ZERO),
                time_ms=now_ms,
            )
        self._currencies = currencies
        context.account.tell(balances.total, balances.free)
        if not venue.traits.has_positions:
            await self._holdings.look_at_balances(
                venue, balances, before, unread, self._orders.vanished.keys()
            )

    # What the trader wishes.

    def _ignore_wished(self) -> None:
        for key, wish in list(self._wishes.items()):
            external = self.externals.get(key)
            if wish is ExternalWish.IGNORE and external is not None:
                self._answered(key)
                if external.status is ExternalStatus.EXTERNAL:
                    self.externals.decide(external, ExternalStatus.IGNORED, "is ignored")
                else:
                    self.externals.answer(key)
        self._context.recorder.flush_when_full()

    async def _adopt_wished(self, venue: Venue, begun_ms: int) -> None:
        """Adopt what this round has seen; what it could not look at waits for the next one."""
        wished = [key for key, wish in self._wishes.items() if wish is ExternalWish.ADOPT]
        for key in sorted(wished, key=_positions_first):
            external = self.externals.get(key)
            if external is None or not external.status.is_there:
                self._answered(key)
                self.externals.answer(key)
            elif external.last_seen_ms >= begun_ms:
                await self._part(partial(self._adopt, venue, key, external))

    async def _adopt(self, venue: Venue, key: ExternalKey, external: External) -> None:
        if external.kind is ExternalKind.POSITION:
            self._adoption.adopt_position(external)
        elif (report := self._orders.reports.get(external.venue_key)) is not None:
            await self._adoption.adopt_order(venue, external, report)
        self._answered(key)
        self._on_adopted()

    def _answered(self, key: ExternalKey) -> None:
        """Let go of a wish that was carried out or refused."""
        self._wishes.pop(key, None)
        self._answered_ms[key] = self._context.now_ms()


def _positions_first(key: ExternalKey) -> bool:
    """Sort positions before the stops that protect them."""
    return key[0] != ExternalKind.POSITION
