"""The orders and positions on an account that are not ours: shown and left alone (S7)."""

from collections.abc import Collection, Iterable
from dataclasses import replace
from decimal import Decimal

from cts_tui.engine.context import EngineContext
from cts_tui.engine.differences import Differences
from cts_tui.model.external import External, ExternalKey, ExternalKind, ExternalStatus
from cts_tui.model.money import money_text
from cts_tui.model.trading import Direction, EventKind
from cts_tui.venue.venue import OrderReport


class Externals:
    """What was seen of others on one account; rows of the store mirror it."""

    def __init__(self, context: EngineContext, differences: Differences) -> None:
        self._context = context
        self._differences = differences
        self._known: dict[ExternalKey, External] = {}

    def restore(self, externals: Iterable[External]) -> None:
        """Know again what was seen before the restart."""
        self._known |= {external.key: external for external in externals}

    def get(self, key: ExternalKey) -> External | None:
        """Return an external by kind and venue key."""
        return self._known.get(key)

    def there(self, kind: ExternalKind | None = None) -> list[External]:
        """Return those that are on the account, of one kind or both."""
        return [
            external
            for external in self._known.values()
            if external.status.is_there and kind in (None, external.kind)
        ]

    def is_there(self, kind: ExternalKind, venue_key: str) -> bool:
        """Return whether something is known to be on the account and not ours."""
        external = self._known.get((kind, venue_key))
        return external is not None and external.status.is_there

    def see_order(self, report: OrderReport) -> None:
        """Take note of an order that rests and is not ours."""
        self._see(
            External(
                ExternalKind.ORDER,
                report.venue_order_id,
                report.symbol,
                report.side,
                report.quantity or Decimal(0),
                report.price,
                ExternalStatus.EXTERNAL,
                first_seen_ms=self._context.now_ms(),
                last_seen_ms=self._context.now_ms(),
            )
        )

    def see_position(
        self, symbol: str, side: Direction, quantity: Decimal, price: Decimal | None
    ) -> None:
        """Take note of what the venue holds beyond ours."""
        self._see(
            External(
                ExternalKind.POSITION,
                position_key(symbol, side),
                symbol,
                side,
                quantity,
                price,
                ExternalStatus.EXTERNAL,
                first_seen_ms=self._context.now_ms(),
                last_seen_ms=self._context.now_ms(),
            )
        )

    def _see(self, seen: External) -> None:
        known = self._known.get(seen.key)
        if known is None or not known.status.is_there:
            before = None if known is None else known.status
            self._keep(seen)
            self._tell(
                seen,
                "is not ours: shown as external and left alone",
                before=before,
                after="external",
            )
            return
        self._keep(replace(seen, status=known.status, first_seen_ms=known.first_seen_ms))
        if known.quantity != seen.quantity:
            self._tell(
                seen,
                "is not ours, and has changed",
                before=money_text(known.quantity),
                after=money_text(seen.quantity),
            )

    def absent(self, kind: ExternalKind, symbols: Collection[str], seen: Collection[str]) -> None:
        """Note which externals on symbols that were looked at are not there any more."""
        for external in self.there(kind):
            if external.symbol in symbols and external.venue_key not in seen:
                self._keep(replace(external, status=ExternalStatus.GONE))
                self._tell(external, "is gone", before=external.status, after=ExternalStatus.GONE)

    def decide(self, external: External, status: ExternalStatus, what: str) -> None:
        """Record what became of an external because the trader asked for it."""
        self._keep(replace(external, status=status))
        self.answer(external.key)
        self._tell(external, what, before=external.status, after=status)

    def refuse(self, external: External, why: str) -> None:
        """Answer a wish that cannot be carried out."""
        self.answer(external.key)
        self._tell(
            external, f"is not adopted: {why}", before=external.status, after=external.status
        )

    def answer(self, key: ExternalKey) -> None:
        """Take a wish away, for it was answered."""
        self._context.recorder.batch.external_answered(self._context.setup.id, key)

    def _keep(self, external: External) -> None:
        self._known[external.key] = external
        self._context.recorder.batch.external(self._context.setup.id, external)

    def _tell(self, external: External, what: str, *, before: str | None, after: str) -> None:
        is_order = external.kind is ExternalKind.ORDER
        price = f" at {money_text(external.price)}" if external.price else ""
        self._differences.tell(
            external.symbol,
            f"{external.kind} {external.side} {money_text(external.quantity)} {external.symbol}"
            f"{price} {what}",
            before=before,
            after=after,
            kind=EventKind.ORDER if is_order else EventKind.POSITION,
        )


def position_key(symbol: str, side: Direction) -> str:
    """Return by what an external position is known: an account holds one a symbol and side."""
    return f"{symbol}/{side}"
