"""What every part of the desk shares: the store, the time, and who is asking."""

from dataclasses import dataclass
from datetime import datetime

from cts_tui.clock import Clock, utc_from_ms
from cts_tui.model.trading import Actor, EventKind
from cts_tui.store import events
from cts_tui.store.database import Database, Transaction


@dataclass(frozen=True, slots=True)
class Room:
    """Passed to every noun of the desk."""

    database: Database
    actor: Actor
    clock: Clock

    def now(self) -> datetime:
        """Return the time as aware UTC."""
        return utc_from_ms(self.clock.now_ms())

    def tell(
        self,
        transaction: Transaction,
        kind: EventKind,
        subject: str,
        message: str,
        *,
        before: str | None = None,
        after: str | None = None,
    ) -> None:
        """Leave an event in the transaction of the change it tells of (S13)."""
        events.add(
            transaction,
            time=self.now(),
            who=self.actor,
            kind=kind,
            subject=subject,
            message=message,
            before=before,
            after=after,
        )
