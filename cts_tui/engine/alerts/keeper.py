"""AlertKeeper: looks what is wrong, keeps the alerts, has the trader told. One at a time per store.

Several programs on one store take turns: the one whose turn it is raises for all. What cannot be
stored is kept, logged and told all the same: a full disk must not silence its own alert.
"""

import asyncio
import logging
import socket
import time
from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Any, Final

from cts_tui.clock import Clock
from cts_tui.engine.alerts.book import AlertBook, Changes, Moment
from cts_tui.engine.alerts.courier import deliver
from cts_tui.engine.alerts.look import Assess, Look, Targets, look
from cts_tui.engine.alerts.notices import Item, NoticeBook
from cts_tui.engine.alerts.outbox import Outbox
from cts_tui.engine.alerts.unwritten import Unwritten
from cts_tui.engine.alerts.wording import Notice, notice_of
from cts_tui.engine.processor import NOTHING, CycleReport, Processor
from cts_tui.errors import StoreError
from cts_tui.model.alerts import Alert, Delivery
from cts_tui.model.health import Gravity
from cts_tui.settings import Settings
from cts_tui.store.database import Database
from cts_tui.store.vault import Vault

LOG = logging.getLogger(__name__)
_RENEW_AFTER_S: Final = 10.0
"""How long a turn is used before it is renewed; it lasts three times as long."""


class AlertKeeper(Processor):
    """One per engine program; idle while another program has the turn."""

    name = "alerts"
    interval_s = 5.0

    def __init__(
        self,
        *,
        database: Database,
        settings: Settings,
        clock: Clock,
        owner: str,
        vault: Vault,
        assess: Assess,
        publish: Callable[[dict[str, Any]], None] = lambda _: None,
        elapsed_s: Callable[[], float] = time.monotonic,
    ) -> None:
        """`owner` names the program; `publish` takes the keeper's figures."""
        super().__init__()
        self._database = database
        self._settings = settings
        self._clock = clock
        self._owner = owner
        self._assess = assess
        self._publish = publish
        self._elapsed_s = elapsed_s
        self._targets = Targets(vault)
        self._book: AlertBook | None = None
        self._notices = self._new_notices(())
        self._unwritten = Unwritten()
        self._outbox = Outbox()
        self._delivering: asyncio.Task[list[Delivery]] | None = None
        self._is_taken_up = False
        """Whether the alerts of the program before were read."""
        self._renewed_s = -_RENEW_AFTER_S
        self._sent = self._failed = 0
        self._write_error = ""

    async def run(self) -> None:
        """Run cycles until cancelled; what is on its way then is told after the next start."""
        try:
            await super().run()
        finally:
            if self._delivering is not None:
                self._delivering.cancel()
                await asyncio.gather(self._delivering, return_exceptions=True)

    async def cycle(self) -> CycleReport:
        """Look, keep, write, tell."""
        at = Moment(self._clock.now_ms(), self._elapsed_s())
        self._collect(at)
        seen = await asyncio.to_thread(self._look, at)
        if not seen.is_ours:
            return self._stand_back()
        changes = self._keep(seen, at)
        if not await self._write(at):
            return self._stand_back()
        self._tell(at)
        self._publish(self._figures())
        return CycleReport(len(changes.raised) + len(changes.cleared))

    # -- looking and keeping ------------------------------------------------------------------

    def _look(self, at: Moment) -> Look:
        return look(
            self._database,
            owner=self._owner,
            now_ms=at.now_ms,
            assess=self._assess,
            targets=self._targets,
            with_known=not self._is_taken_up,
        )

    def _stand_back(self) -> CycleReport:
        """Leave the alerts to the program whose turn it is."""
        self._book, self._is_taken_up, self._outbox = None, False, Outbox()
        return NOTHING

    def _keep(self, seen: Look, at: Moment) -> Changes:
        """Fold what a look has found into the alerts."""
        book = self._take_up(seen)
        self._take_acks(book, seen)
        changes = book.look(seen.faults, at, is_blind=seen.is_blind)
        _log(changes)
        self._unwritten.take(changes, at.now_ms)
        self._unwritten.see(book.standing)
        if self._targets.now:
            for alert in changes.cleared:
                self._notices.end(alert)
        return changes

    def _take_up(self, seen: Look) -> AlertBook:
        """Go on with the alerts of the program that kept them before."""
        book = self._book
        if book is None:
            book = self._book = AlertBook()
            self._unwritten = Unwritten()
        if not self._is_taken_up and seen.has_rows:
            self._is_taken_up = True
            for doubled in book.adopt(alert for alert in seen.known if alert.is_standing):
                self._unwritten.drop(doubled)
            since_ms = self._targets.since_ms
            self._notices = self._new_notices(
                alert
                for alert in seen.known
                if alert.cleared_ms is None
                or (since_ms is not None and alert.cleared_ms >= since_ms)
            )
        return book

    def _take_acks(self, book: AlertBook, seen: Look) -> None:
        """Note what the trader has acknowledged: the store knows that, and nobody else."""
        if not seen.has_rows:
            return
        acks = {(alert.key, alert.raised_ms): alert.acked_ms for alert in seen.acked}
        for alert in book.standing:
            if not self._unwritten.has_risen(alert):
                book.put(replace(alert, acked_ms=acks.get((alert.key, alert.raised_ms))))

    def _new_notices(self, known: Iterable[Alert]) -> NoticeBook:
        settings = self._settings
        return NoticeBook(
            quiet_s=settings.alert_quiet_s, repeat_s=settings.alert_repeat_s, known=known
        )

    async def _write(self, at: Moment) -> bool:
        """Write what has changed, and renew the turn in time; False where it was lost.

        Nothing is written before the rows were read: an alert may stand there already.
        """
        is_fresh = at.elapsed_s - self._renewed_s < _RENEW_AFTER_S
        if not self._is_taken_up or (self._unwritten.is_empty and is_fresh):
            return True
        try:
            is_ours = await asyncio.to_thread(
                self._unwritten.write, self._database, self._owner, at.now_ms
            )
        except StoreError as error:
            if not self._write_error:
                LOG.warning("alerts cannot be stored, they are told all the same: %s", error)
            self._write_error = str(error)
            return True
        self._write_error, self._renewed_s = "", at.elapsed_s
        return is_ours

    # -- telling ------------------------------------------------------------------------------

    def _tell(self, at: Moment) -> None:
        """Post what is due, and hand over what waits unless something is on its way."""
        assert self._book is not None  # noqa: S101 - kept just now
        self._unpost(self._outbox.set_targets(self._targets.now))
        if not self._outbox.has_targets:
            return
        if due := self._notices.due(self._book.standing, at.now_ms):
            self._notices.post(due, at.now_ms)
            self._unpost(self._outbox.post(notice_of(due, socket.gethostname())))
        if self._delivering is None and (parcels := self._outbox.ready(at.elapsed_s)):
            self._delivering = asyncio.create_task(deliver(parcels), name="notices")
            self._delivering.add_done_callback(lambda _: self.wake())

    def _unpost(self, notices: Iterable[Notice]) -> None:
        for notice in notices:
            self._notices.unpost(notice.items)

    def _collect(self, at: Moment) -> None:
        """Take what became of the notices that were on their way."""
        task = self._delivering
        if task is None or not task.done():
            return
        self._delivering = None
        deliveries = task.result()
        for delivery in deliveries:
            self._sent += delivery.is_taken
            self._failed += not delivery.is_taken
            if delivery.error:
                LOG.warning("notice to %s failed: %s", delivery.target, delivery.error)
        self._unwritten.deliver(deliveries)
        for notice in self._outbox.note(deliveries, at.elapsed_s):
            self._settle(notice.items, at.now_ms)

    def _settle(self, items: Iterable[Item], now_ms: int) -> None:
        """Mark alerts as told, in their newest version."""
        newest = {a.key: a for a in self._book.standing} if self._book is not None else {}
        for told in self._notices.settle(items, now_ms):
            alert = newest.get(told.key)
            if alert is None or alert.raised_ms != told.raised_ms:
                self._unwritten.change(told)
            elif alert.severity is told.severity and self._book is not None:
                alert = replace(alert, notified_ms=told.notified_ms)
                self._book.put(alert)
                self._unwritten.change(alert)

    def _figures(self) -> dict[str, Any]:
        return {
            "standing": len(self._book.standing) if self._book is not None else None,
            "targets": len(self._targets.now),
            "targets_error": self._targets.error or None,
            "waiting": self._outbox.waiting,
            "sent": self._sent,
            "failed": self._failed,
            "write_error": self._write_error or None,
        }


def _log(changes: Changes) -> None:
    """Log every change: the log stands where the store may not."""
    for alert in (*changes.raised, *changes.risen):
        level = logging.CRITICAL if alert.severity is Gravity.CRITICAL else logging.WARNING
        LOG.log(level, "alert raised: %s %s: %s", alert.rule, alert.subject, alert.message)
    for alert in changes.cleared:
        LOG.info("alert cleared: %s %s", alert.rule, alert.subject)
