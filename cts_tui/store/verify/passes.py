"""A pass over the whole store in slices: each a short read transaction, none long enough to matter.

Between two slices nothing is held: the writer never waits, and the write-ahead log can be
checkpointed. What changes meanwhile is looked at as it is when its slice comes.
"""

import sqlite3
import time
from collections import Counter, deque
from collections.abc import Callable, Collection, Iterator
from enum import StrEnum
from functools import partial
from typing import Final

from cts_tui.model.health import Gravity
from cts_tui.model.verification import Finding, Verification
from cts_tui.store.database import Database, Transaction
from cts_tui.store.verify.check import ROWID, Check, Hit, Span, key_columns
from cts_tui.store.verify.damage import (
    DAMAGED,
    Unfinished,
    damaged,
    file_faults,
    index_differs,
    is_index_fault,
    is_passing,
)
from cts_tui.store.verify.doubled import doubled, unindexed
from cts_tui.store.verify.raw import Key, begin_again, raw_cursor
from cts_tui.store.verify.registry import TABLES, checks_of, possible
from cts_tui.store.verify.schema_checks import schema_findings
from cts_tui.store.verify.schema_look import SchemaLook, look_at_schema
from cts_tui.store.verify.slices import end_of_slice, hits_in

_FIRST_ROWS: Final = 200
_FEWEST_ROWS: Final = 20
_MOST_ROWS: Final = 50_000
_GROWTH: Final = 4


class Depth(StrEnum):
    """How closely SQLite itself is to look at the file."""

    ROWS = "rows"
    """Not beside what reading the rows shows."""
    PAGES = "pages"
    """At the pages of each table that a slice is long enough for."""
    FILE = "file"
    """At every page, in one go."""


Job = Callable[[sqlite3.Cursor], None]


class VerifyPass:
    """One look through the store; `step` it until nothing is left."""

    def __init__(
        self,
        now_ms: int,
        *,
        slice_ms: float = 10.0,
        depth: Depth = Depth.PAGES,
        keep_hits: int = 1_000,
        tables: Collection[str] | None = None,
        only: Callable[[Check], bool] | None = None,
    ) -> None:
        """`slice_ms` is how long a slice should take.

        Of each check the first `keep_hits` rows are kept in `hits`. `tables` and `only` choose
        what is looked at; the schema always is.
        """
        self.slices = 0
        self.hits: dict[Check, list[Hit]] = {}
        self.look: SchemaLook | None = None
        self.rows: Counter[str] = Counter()
        self.covered: set[str] = set()
        """Tables of which every row was looked at."""
        self.lines: list[str] = []
        """What SQLite said of the file."""
        self._counts: Counter[Check] = Counter()
        self._found: list[Finding] = []
        self._started_ms = now_ms
        self._slice_ms = slice_ms
        self._depth = depth
        self._keep_hits = keep_hits
        self._tables = tables
        self._only = only
        self._jobs: deque[Job] = deque([self._begin])

    @property
    def is_done(self) -> bool:
        """Whether everything was looked at."""
        return not self._jobs

    @property
    def damage(self) -> str:
        """What SQLite said of the first damaged place, empty where none was found so far."""
        found = (hits for check, hits in self.hits.items() if check.kind == DAMAGED and hits)
        return next((hits[0].words for hits in found), "")

    def run(self, database: Database) -> None:
        """Look at everything that is left, a transaction each. Raises StoreError."""
        while not self.is_done:
            with database.read() as transaction:
                self.step(transaction)

    def step(self, transaction: Transaction) -> None:
        """Look at one slice. Raises sqlite3.OperationalError where the store is locked or full."""
        job = self._jobs.popleft()
        self.slices += 1
        try:
            with raw_cursor(transaction, self._started_ms) as cursor:
                job(cursor)
        except sqlite3.DatabaseError as error:
            if is_passing(error):
                self._jobs.appendleft(job)
                raise
            self._add(damaged(_table_of(job)), Hit((), str(error)))
            begin_again(transaction)

    def take_hits(self, wanted: Callable[[Check], bool]) -> dict[Check, list[Hit]]:
        """Take what some checks have found out of the pass: it is mended, and no finding."""
        taken = {check: hits for check, hits in self.hits.items() if wanted(check)}
        for check, hits in taken.items():
            del self.hits[check]
            self._counts[check] -= len(hits)
            if not self._counts[check]:
                del self._counts[check]
        return taken

    def result(self, now_ms: int) -> Verification:
        """Return what was found so far, gravest first."""
        found = self._found + [
            check.finding(count, next((hit.words for hit in self.hits.get(check, ())), ""))
            for check, count in self._counts.items()
        ]
        found.sort(key=lambda one: one.gravity is not Gravity.CRITICAL)
        return Verification(
            started_ms=self._started_ms,
            finished_ms=now_ms,
            slices=self.slices,
            findings=tuple(found),
            rows=dict(self.rows),
            is_whole=self.is_done,
        )

    def _begin(self, cursor: sqlite3.Cursor) -> None:
        """Look at the schema, and plan the rest by it."""
        look = self.look = look_at_schema(cursor)
        self._found += schema_findings(cursor, look)
        wanted = TABLES if self._tables is None else self._tables
        readable = [name for name in TABLES if name in wanted and name not in look.unreadable]
        if self._depth is Depth.FILE:
            self._jobs.append(self._check_file)
        for table in readable:
            if self._depth is Depth.PAGES:
                self._jobs.append(partial(self._check_pages, table))
            found = [*possible(checks_of(table), look.unreadable), *_of_indexes(table, look)]
            checks = [check for check in found if self._only is None or self._only(check)]
            self._jobs.append(partial(self._slice, table, checks, None, _FIRST_ROWS))

    def _check_file(self, cursor: sqlite3.Cursor) -> None:
        self._take_faults("", file_faults(cursor.connection, None))

    def _check_pages(self, table: str, cursor: sqlite3.Cursor) -> None:
        """Have SQLite check the pages of a table, as far as a slice goes.

        The pages of larger ones are read all the same, when the slices of its rows come.
        """
        try:
            faults = file_faults(cursor.connection, table, budget_ms=self._slice_ms)
        except Unfinished:
            return
        self._take_faults(table, faults)

    def _take_faults(self, table: str, faults: list[str]) -> None:
        self.lines += faults
        for line in faults:
            check = index_differs(table) if is_index_fault(line) else damaged(table)
            self._add(check, Hit((), line))

    def _slice(
        self, table: str, checks: list[Check], low: Key | None, rows: int, cursor: sqlite3.Cursor
    ) -> None:
        """Look at the next rows of a table, and come back for the others."""
        started = time.perf_counter()
        high = end_of_slice(cursor, table, low, rows)
        for check, hit in hits_in(cursor, Span(table, low, high), checks):
            self._add(check, hit)
        if high is None:
            self.rows[table] += self._rest(cursor, table, low)
            self.covered.add(table)
            return
        self.rows[table] += rows
        took_ms = (time.perf_counter() - started) * 1000
        wanted = int(rows * min(_GROWTH, self._slice_ms / max(took_ms, 0.01)))
        rows = min(max(wanted, _FEWEST_ROWS), _MOST_ROWS)
        self._jobs.appendleft(partial(self._slice, table, checks, high, rows))

    def _rest(self, cursor: sqlite3.Cursor, table: str, low: Key | None) -> int:
        where, values = Span(table, low).where()
        query = f'SELECT count(*) FROM "{table}" t WHERE {where}'
        count: int = cursor.execute(query, values).fetchone()[0]
        return count

    def _add(self, check: Check, hit: Hit) -> None:
        self._counts[check] += 1
        kept = self.hits.setdefault(check, [])
        if len(kept) < self._keep_hits:
            kept.append(hit)


def _of_indexes(table: str, look: SchemaLook) -> Iterator[Check]:
    """Return the checks of the indexes that a table has, and for those that it lacks."""
    shape = look.found[table]
    yield from (doubled(table, key, shape) for key in look.missing_uniques.get(table, ()))
    if key_columns(table) == ROWID and (shape.indexes or shape.unique_indexes):
        yield unindexed(table, shape)


def _table_of(job: Job) -> str:
    """Return the table that a job was about, empty where it was the whole file."""
    return str(job.args[0]) if isinstance(job, partial) else ""
