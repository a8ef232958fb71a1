"""Applying repairs: everything in one transaction, in which the checks are made again."""

import sqlite3
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Final

from cts_tui.errors import DamagedError
from cts_tui.model.repair import Deed
from cts_tui.model.verification import Consent, Finding
from cts_tui.store.database import SALVAGE_ADVICE, Database, Transaction, explained
from cts_tui.store.repair.aside import Mending
from cts_tui.store.repair.functions import add_functions
from cts_tui.store.repair.rebuild import add_columns, make_indexes, make_table, rebuild, stamp
from cts_tui.store.repair.remedies import mend
from cts_tui.store.verify.check import Check, Hit
from cts_tui.store.verify.damage import DAMAGED
from cts_tui.store.verify.doubled import DOUBLED
from cts_tui.store.verify.passes import Depth, VerifyPass
from cts_tui.store.verify.raw import raw_cursor
from cts_tui.store.verify.registry import TABLES
from cts_tui.store.verify.schema_checks import (
    HARMLESS,
    MISSING_COLUMN,
    MISSING_INDEX,
    MISSING_TABLE,
    OF_SCHEMA,
    TABLE_DIFFERS,
    VERSION,
)
from cts_tui.store.verify.slices import still_found

MOST_ROWS: Final = 100_000
"""Rows of one kind that a round mends; the next one takes the others."""
_MOST_ROUNDS: Final = 100
_MOST_TRIES: Final = 3
_LEAVES: Final = ("candles", "indications")
"""Large tables on which no other rests: looked at again only when they were changed."""


@contextmanager
def unguarded_write(database: Database) -> Iterator[Transaction]:
    """Open a transaction that writes without foreign keys: what goes takes nothing with it."""
    with explained(database.url), database.connect() as connection:
        raw = connection.connection.driver_connection
        if not isinstance(raw, sqlite3.Connection):
            raise TypeError("only a SQLite store can be mended like this")
        raw.execute("PRAGMA foreign_keys=OFF")
        add_functions(raw)
        try:
            with connection.begin():
                yield connection
        finally:
            raw.execute("PRAGMA foreign_keys=ON")


@contextmanager
def mending_in(transaction: Transaction, now_ms: int) -> Iterator[Mending]:
    """Lend what remedies work with in a transaction."""
    with raw_cursor(transaction, now_ms) as cursor:
        yield Mending(cursor, now_ms)


def mend_found(
    transaction: Transaction, hits: Mapping[Check, Sequence[Hit]], now_ms: int
) -> list[Deed]:
    """Mend rows that were found before this transaction, as far as they still are as found."""
    deeds = []
    with mending_in(transaction, now_ms) as mending:
        for check, found in hits.items():
            left = still_found(mending.cursor, check, found)
            was = check.finding(len(left), "")
            deeds.append(replace(mend(mending, check, left), was=was.message, action=was.action))
    return deeds


def apply_repairs(
    transaction: Transaction,
    now_ms: int,
    consents: Collection[Consent],
    *,
    tables: Collection[str] = TABLES,
) -> tuple[list[Deed], list[str], list[Finding]]:
    """Mend what may be mended, look again, until nothing more can be done.

    One repair may bring another to light: rows of a table that was made anew, fills whose order
    had to go. Returns what was done, notes, and what is still wrong.
    """
    work = _Work(transaction, now_ms, frozenset(consents))
    for _ in range(_MOST_ROUNDS):
        if not work.go_on(tables):
            break
        tables = [name for name in tables if name not in _LEAVES or name in work.touched]
    return list(work.deeds.values()), work.notes, work.remaining()


class _Work:
    """A repair in its rounds: look, mend, look again."""

    def __init__(self, transaction: Transaction, now_ms: int, consents: frozenset[Consent]) -> None:
        self.deeds: dict[tuple[str, str], Deed] = {}
        self.notes: list[str] = []
        self.touched: set[str] = set()
        """Tables that the last round has changed, or not come to."""
        self._transaction = transaction
        self._now_ms = now_ms
        self._consents = consents
        self._findings: list[Finding] = []
        self._tries: Counter[Check] = Counter()

    def remaining(self) -> list[Finding]:
        """Return what is still wrong, by the last look at each table."""
        return self._findings

    def go_on(self, tables: Collection[str]) -> bool:
        """Look, and mend what can be; return whether that may have brought more to light."""
        found = self._look(tables)
        with mending_in(self._transaction, self._now_ms) as mending:
            schema = self._mend_schema(mending, found)
            done = schema or self._mend_rows(mending, found)
            self.notes += [note for note in mending.notes if note not in self.notes]
        for deed in done:
            self._add(deed)
        self.touched = set(TABLES) if schema else {deed.table for deed in done}
        return any(deed.is_done for deed in done) or self._has_untried(found)

    def _look(self, tables: Collection[str]) -> VerifyPass:
        found = VerifyPass(
            self._now_ms, slice_ms=1_000, depth=Depth.ROWS, keep_hits=MOST_ROWS, tables=tables
        )
        while not found.is_done:
            found.step(self._transaction)
        if any(check.kind == DAMAGED for check in found.hits):
            raise DamagedError(f"the database is damaged and cannot be mended; {SALVAGE_ADVICE}")
        before, now = self._findings, found.result(self._now_ms).findings
        looked_at = {*tables, *(finding.table for finding in now)}
        self._findings = [
            *now,
            *(one for one in before if one.table not in looked_at and one.kind not in OF_SCHEMA),
        ]
        return found

    def _mend_schema(self, mending: Mending, found: VerifyPass) -> list[Deed]:
        """Make what is missing, one kind after the other; of a table that lacks columns no row
        was looked at."""
        wrong = {
            kind: [
                finding.table
                for finding in self._findings
                if finding.kind == kind and finding.consent in self._consents
            ]
            for kind in (MISSING_TABLE, MISSING_COLUMN, TABLE_DIFFERS, MISSING_INDEX)
        }
        if wrong[MISSING_TABLE]:
            return [make_table(mending, self._transaction, one) for one in wrong[MISSING_TABLE]]
        differing = dict.fromkeys(wrong[MISSING_COLUMN] + wrong[TABLE_DIFFERS])
        ready = [table for table in differing if not self._is_doubled(found, table)]
        if ready:
            missing = found.look.missing_columns if found.look else {}
            return [self._complete(mending, table, missing.get(table, ())) for table in ready]
        if found.look is None:
            return []
        names = found.look.missing_indexes
        return [
            make_indexes(self._transaction, table, names[table]) for table in wrong[MISSING_INDEX]
        ]

    def _complete(self, mending: Mending, table: str, missing: Sequence[str]) -> Deed:
        """Add columns that are missing where that is all there is to do, else rebuild the table."""
        is_simple = all(f"{table}.{column}" in HARMLESS for column in missing)
        if missing and is_simple and not self._is_other(table):
            return add_columns(mending, table, missing)
        return rebuild(mending, self._transaction, table)

    def _is_other(self, table: str) -> bool:
        return any(
            one.kind == TABLE_DIFFERS and one.table == table and one.consent in self._consents
            for one in self._findings
        )

    def _is_doubled(self, found: VerifyPass, table: str) -> bool:
        """Return whether rows of a table have to go before it is made anew."""
        return any(check.table == table and check.kind.startswith(DOUBLED) for check in found.hits)

    def _mend_rows(self, mending: Mending, found: VerifyPass) -> list[Deed]:
        """Mend one kind a table: what else is wrong with a row may be right once that is."""
        done = []
        if self._has_no_version() and _is_as_declared(found):
            done.append(stamp(mending))
        chosen: dict[str, Check] = {}
        for check in found.hits:
            if self._may_mend(check):
                chosen.setdefault(check.table, check)
        for check in chosen.values():
            deed = mend(mending, check, found.hits[check])
            is_cut_off = len(found.hits[check]) == MOST_ROWS
            self._tries[check] += 1 if not is_cut_off else 0
            if not deed.is_done:
                self._tries[check] = _MOST_TRIES
            done.append(deed)
        return done

    def _has_untried(self, found: VerifyPass) -> bool:
        return any(self._may_mend(check) for check in found.hits)

    def _may_mend(self, check: Check) -> bool:
        is_allowed = check.consent in self._consents and check.kind != DAMAGED
        return is_allowed and self._tries[check] < _MOST_TRIES

    def _has_no_version(self) -> bool:
        return any(one.kind == VERSION and one.consent in self._consents for one in self._findings)

    def _add(self, deed: Deed) -> None:
        """Add what a round did to what the rounds before it did of the same kind."""
        key = deed.kind, deed.table
        before = self.deeds.get(key)
        if before is None:
            known = (one for one in self._findings if (one.kind, one.table) == key)
            was = next(known, None)
            if was is not None:
                deed = replace(deed, was=was.message, action=was.action)
            self.deeds[key] = deed
            return
        self.deeds[key] = replace(
            before,
            mended=before.mended + deed.mended,
            set_aside=before.set_aside + deed.set_aside,
            left=deed.left,
            note=before.note or deed.note,
        )


def _is_as_declared(found: VerifyPass) -> bool:
    look = found.look
    return look is not None and not (look.missing_tables or look.missing_columns or look.changed)
