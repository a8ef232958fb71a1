"""Verifying and mending the store, as faces ask for it while desks and engines are open on it."""

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Final

from cts_tui.desk.programs import ProgramDesk
from cts_tui.desk.room import Room
from cts_tui.errors import ConfigError
from cts_tui.model.backup import BackupReason
from cts_tui.model.repair import Deed, RepairReport
from cts_tui.model.repair_plan import RepairPlan
from cts_tui.model.trading import EventKind
from cts_tui.model.verification import Consent, Finding, Verification
from cts_tui.store import running_sums
from cts_tui.store.backup import make_backup, sqlite_file
from cts_tui.store.database import Transaction
from cts_tui.store.repair.apply import apply_repairs, mend_found, unguarded_write
from cts_tui.store.verify import results
from cts_tui.store.verify.check import Check
from cts_tui.store.verify.damage import DAMAGED
from cts_tui.store.verify.passes import Depth, VerifyPass
from cts_tui.store.verify.schema_checks import OF_SCHEMA

_SLICE_MS: Final = 10.0
"""How long the store is read at a time while it is looked through from a screen."""

OnRows = Callable[[int], None]
"""Called now and then with the rows that were looked at so far."""


def _silent(_rows: int) -> None:
    """Tell nobody."""


class RepairDesk:
    """What is wrong with the store, what can be done about it, and doing it."""

    def __init__(self, room: Room, backups: Path | None = None) -> None:
        """`backups` is where the backup before a repair is kept, None: without a data folder."""
        self._room = room
        self._backups = backups

    def verify(self) -> Verification:
        """Look through the whole store now, every page and every row; engines go on meanwhile.

        What is found is stored for the health report, unless the file is damaged.
        """
        found = VerifyPass(self._room.clock.now_ms(), slice_ms=50.0, depth=Depth.FILE)
        found.run(self._room.database)
        return self._kept(found)

    def plan(self, on_rows: OnRows = _silent) -> RepairPlan:
        """Return what could be mended, without holding the writer. Raises CtsError."""
        sqlite_file(self._room.database)
        findings = self._kept(self._look(on_rows)).findings
        return planned(findings, is_engine_running=self._is_engine_running())

    def mend(self, on_rows: OnRows = _silent) -> RepairReport:
        """Mend what may be mended now: beside an engine what is safe, else all but trading.

        Raises CtsError where that cannot be done: nothing is changed then.
        """
        sqlite_file(self._room.database)
        report = self._mend_safe(on_rows) if self._is_engine_running() else self._mend_alone()
        remaining = self._kept(self._look(on_rows)).findings
        return RepairReport(report.at_ms, report.deeds, report.backup, remaining, report.notes)

    def _look(self, on_rows: OnRows, only: Callable[[Check], bool] | None = None) -> VerifyPass:
        found = VerifyPass(
            self._room.clock.now_ms(), slice_ms=_SLICE_MS, depth=Depth.ROWS, only=only
        )
        while not found.is_done:
            with self._room.database.read() as transaction:
                found.step(transaction)
            on_rows(sum(found.rows.values()))
        return found

    def _mend_safe(self, on_rows: OnRows) -> RepairReport:
        """Mend what is safe by its keys, in a short transaction, as the engine's verifier does."""
        found = self._look(on_rows, _is_safe).take_hits(_is_safe)
        now_ms = self._room.clock.now_ms()
        if not found:
            return RepairReport(now_ms, (), None, ())
        with unguarded_write(self._room.database) as transaction:
            deeds = mend_found(transaction, found, now_ms)
            self._tell(transaction, deeds)
        return RepairReport(now_ms, tuple(deeds), None, ())

    def _mend_alone(self) -> RepairReport:
        """Mend all but trading in one transaction, after a verified backup."""
        if self._backups is None:
            raise ConfigError("this desk has no data folder to keep a backup in: nothing is mended")
        backup = make_backup(
            self._room.database,
            self._backups,
            reason=BackupReason.BEFORE_REPAIR,
            now=self._room.now(),
        )
        with unguarded_write(self._room.database) as transaction:
            now_ms = self._room.clock.now_ms()
            if self._is_engine_running():
                raise ConfigError("an engine has started meanwhile: nothing was changed, ask again")
            deeds, notes, _ = apply_repairs(transaction, now_ms, {Consent.NONE, Consent.REPAIR})
            running_sums.forget(transaction)
            self._tell(transaction, deeds)
        return RepairReport(now_ms, tuple(deeds), backup.file, (), tuple(notes))

    def _tell(self, transaction: Transaction, deeds: Iterable[Deed]) -> None:
        for deed in deeds:
            if deed.is_done:
                message = f"repaired: {deed.line}"
                self._room.tell(transaction, EventKind.STORE, "database", message)

    def _is_engine_running(self) -> bool:
        return ProgramDesk(self._room).is_any_alive()

    def _kept(self, found: VerifyPass) -> Verification:
        """Return what a pass has found, stored for the health report unless the file is damaged."""
        verification = found.result(self._room.clock.now_ms())
        if not any(finding.kind == DAMAGED for finding in verification.findings):
            with self._room.database.write() as transaction:
                results.put(transaction, verification)
        return verification


def planned(findings: Iterable[Finding], *, is_engine_running: bool) -> RepairPlan:
    """Return findings by what their repair needs; beside an engine only safe rows are mended."""
    groups: dict[str, list[Finding]] = {}
    for one in findings:
        groups.setdefault(_group(one, is_engine_running=is_engine_running), []).append(one)
    return RepairPlan(is_engine_running, **{name: tuple(found) for name, found in groups.items()})


def _group(finding: Finding, *, is_engine_running: bool) -> str:
    if finding.kind == DAMAGED:
        return "damaged_file"
    if finding.consent in (Consent.TRADING, Consent.IMPOSSIBLE):
        return finding.consent.value
    is_safe_row = finding.consent is Consent.NONE and finding.kind not in OF_SCHEMA
    return "ready" if is_safe_row or not is_engine_running else "stopped_only"


def _is_safe(check: Check) -> bool:
    return check.consent is Consent.NONE
