"""Remedies for values that cannot be read: derived from other rows, or the row set aside whole."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from cts_tui.model.repair import Deed
from cts_tui.store.repair.aside import Mending
from cts_tui.store.repair.derive import DERIVATIONS, WORDY
from cts_tui.store.verify.check import Check, Row, key_columns
from cts_tui.store.verify.columns import rules
from cts_tui.store.verify.raw import Key, RawText, bound
from cts_tui.store.verify.slices import rows_of
from cts_tui.store.verify.value_checks import faulty_columns

_GUARDED: Final = {
    "settings": ("kill_switch", "risk_limits"),
    "risk_states": None,
}
"""Rows without which nobody knows whether trading may go on; None: every row of the table."""
KILL_SWITCH: Final = "kill_switch"


def mend_values(mending: Mending, check: Check, keys: Sequence[Key]) -> Deed:
    """Set right what other rows tell; what nothing tells leaves its table."""
    mended = moved = 0
    for key, row in rows_of(mending.cursor, check.table, keys):
        changes = _changes(mending, check.table, key, row)
        if changes is None:
            mending.set_aside(check.kind, check.table, key, row)
            moved += 1
            _guard(mending, check.table, row)
        else:
            mending.keep_copy(check.kind, check.table, key, row)
            mending.update(check.table, key, changes)
            mended += 1
    return Deed(check.kind, check.table, mended, moved)


def _changes(mending: Mending, table: str, key: Key, row: Row) -> Mapping[str, Any] | None:
    """Return what to put in place of each value that cannot be read, None where one has nothing."""
    changes: dict[str, Any] = {}
    for column in faulty_columns(table, row):
        value = _in_words(table, column, row[column])
        if value is None or not _fits(table, column, value):
            value = _derived(mending, table, key, column)
        if not _fits(table, column, value):
            return None
        changes[column] = value
    if table == "connections":
        changes |= {"enabled": 0, "live": 0}
    if table == "connections" and "ccxt_config" in changes:
        changes["mode"] = "paper"  # the overlay may have led to a test network
    return changes


def _in_words(table: str, column: str, value: Any) -> str | None:
    """Return words of which some are no UTF-8, with these replaced."""
    is_wordy = column in WORDY.get(table, ()) and isinstance(value, bytes)
    return bytes(value).decode("utf-8", "replace") if is_wordy else None


def _derived(mending: Mending, table: str, key: Key, column: str) -> Any:
    expression = DERIVATIONS.get(table, {}).get(column)
    if expression is None:
        return None
    marks, values = bound(key)
    names = ", ".join(f't."{name}"' for name in key_columns(table))
    query = f'SELECT {expression} FROM "{table}" t WHERE ({names}) = ({marks})'
    found = mending.cursor.execute(query, values).fetchone()
    return None if found is None else _bindable(found[0])


def _bindable(value: Any) -> Any:
    """Return a raw value in the form in which it is written back."""
    if not isinstance(value, RawText):
        return value
    try:
        return value.decode()
    except UnicodeDecodeError:
        return None


def _fits(table: str, column: str, value: Any) -> bool:
    rule, is_nullable = rules(table)[column]
    if value is None:
        return is_nullable and column in DERIVATIONS.get(table, {})
    return rule.fault(RawText(value.encode()) if isinstance(value, str) else value) is None


def _guard(mending: Mending, table: str, row: Row) -> None:
    """Turn the kill switch on where what was lost could have kept trading from going on."""
    if table not in _GUARDED:
        return
    names = _GUARDED[table]
    if names is None or str(row.get("key")) in names:
        switch_kill_on(mending)


def switch_kill_on(mending: Mending) -> None:
    """Turn the kill switch on: nothing is entered until the trader releases it."""
    mending.cursor.execute("DELETE FROM settings WHERE key = ?", (KILL_SWITCH,))
    mending.cursor.execute(
        "INSERT INTO settings (key, value, updated_at) VALUES (?, 'true', ?)",
        (KILL_SWITCH, mending.now),
    )
    mending.notes.append(
        "the kill switch is on: what could have forbidden entries was lost; when you have looked "
        "at the limits, release it with: cts-tui kill off"
    )
