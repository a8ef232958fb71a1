"""What SQLite itself says of a file: damaged pages, indexes that do not fit their tables."""

import re
import sqlite3
import time
from typing import Final

from cts_tui.model.health import Gravity
from cts_tui.model.verification import Consent
from cts_tui.store.verify.check import Check

DAMAGED: Final = "damaged"
INDEX_DIFFERS: Final = "index-differs"
_INDEX_FAULT: Final = re.compile(
    r"row \d+ missing from index|wrong # of entries in index|non-unique entry in index"
)
_VALUE_FAULT: Final = re.compile(r"^(NULL|NUMERIC|TEXT|BLOB|INT|REAL|non-\w+) value in ")
"""What the checks of values tell in better words."""
_OPS_BETWEEN_LOOKS: Final = 2_000
_MOST_LINES: Final = 100


def damaged(table: str) -> Check:
    """Return the check of whether the pages of a table can be read."""
    return Check(
        kind=DAMAGED,
        table=table,
        gravity=Gravity.CRITICAL,
        consent=Consent.REPAIR,
        one="place in the file is damaged",
        many="places in the file are damaged",
        action="what can be read is recovered into a new file, the damaged one is kept",
    )


def index_differs(table: str) -> Check:
    """Return the check of whether the indexes of a table fit it."""
    return Check(
        kind=INDEX_DIFFERS,
        table=table,
        gravity=Gravity.CRITICAL,
        consent=Consent.REPAIR,
        one="entry of an index does not fit its table",
        many="entries of an index do not fit their table",
        action="the indexes are made anew",
    )


class Unfinished(Exception):  # noqa: N818 - it is no fault: there was no time for more
    """The time was up before SQLite had looked at everything."""


def file_faults(
    connection: sqlite3.Connection, table: str | None, *, budget_ms: float | None = None
) -> list[str]:
    """Return what SQLite finds wrong with a table and its indexes, None: with the whole file.

    Raises Unfinished when that takes longer than `budget_ms`, sqlite3.DatabaseError where it
    cannot even look.
    """
    name = "" if table is None else f"('{table}')"
    pragma = f"PRAGMA {'integrity_check' if budget_ms is None else 'quick_check'}{name}"
    if budget_ms is not None:
        deadline = time.perf_counter() + budget_ms / 1000
        connection.set_progress_handler(lambda: time.perf_counter() > deadline, _OPS_BETWEEN_LOOKS)
    try:
        lines = [str(row[0]) for row in connection.execute(pragma).fetchmany(_MOST_LINES)]
    except sqlite3.OperationalError as error:
        if "interrupted" in str(error):
            raise Unfinished from None
        raise
    finally:
        connection.set_progress_handler(None, 0)
    return [one for line in lines if line != "ok" for one in _split(line)]


def _split(line: str) -> list[str]:
    """Return the faults of one answer, which may hold several lines; values are left out."""
    lines = [one for one in line.splitlines() if not one.startswith("***")]
    return [one for one in lines if one and not _VALUE_FAULT.match(one)]


def is_index_fault(line: str) -> bool:
    """Return whether a fault is mended by making the indexes anew."""
    return _INDEX_FAULT.search(line) is not None


_PASSING: Final = ("locked", "full", "unable to open", "readonly", "busy")


def is_passing(error: sqlite3.DatabaseError) -> bool:
    """Return whether an error says nothing of the file, and may not come again."""
    return any(word in str(error) for word in _PASSING)
