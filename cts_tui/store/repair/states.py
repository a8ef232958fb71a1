"""Remedies for connections and their engines: live trading off, states and leases begun anew."""

from collections.abc import Sequence
from typing import Any, Final

from cts_tui.model.repair import Deed
from cts_tui.store.repair.aside import Mending, set_all_aside
from cts_tui.store.verify.check import Check
from cts_tui.store.verify.raw import Key
from cts_tui.store.verify.state_checks import NO_ENGINE_STATE

_BEGUN: Final[dict[str, dict[str, Any]]] = {
    "engine_states": {"status": "stopped", "restarts": 0},
    "leases": {"fence": 0},
}


def switch_live_off(mending: Mending, check: Check, keys: Sequence[Key]) -> Deed:
    """End live trading of connections (S2)."""
    for key in keys:
        mending.update("connections", key, {"live": 0, "updated_at": mending.now})
    return Deed(check.kind, check.table, len(keys), 0)


def begin_states(mending: Mending, check: Check, keys: Sequence[Key]) -> Deed:
    """Give connections the engine state or the lease that they lack."""
    table = "engine_states" if check.kind == NO_ENGINE_STATE else "leases"
    for (connection_id,) in keys:
        insert_begun(mending, table, connection_id)
    return Deed(check.kind, check.table, len(keys), 0)


def begin_anew(mending: Mending, check: Check, keys: Sequence[Key]) -> Deed:
    """Set rows of engines aside that cannot be read, and begin them anew."""
    owners = _owners(mending, check.table, keys)
    aside = set_all_aside(mending, check, keys)
    for connection_id in owners:
        insert_begun(mending, check.table, connection_id)
    return Deed(check.kind, check.table, len(owners), aside.set_aside)


def _owners(mending: Mending, table: str, keys: Sequence[Key]) -> list[int]:
    """Return the connections there are whose rows have these keys."""
    query = (
        "SELECT id FROM connections WHERE id = "
        f'(SELECT connection_id FROM "{table}" WHERE rowid = ?)'
    )
    found = [mending.cursor.execute(query, key).fetchone() for key in keys]
    return [row[0] for row in found if row is not None]


def insert_begun(mending: Mending, table: str, connection_id: Any) -> None:
    """Insert the row of an engine that has never run."""
    values = {"connection_id": connection_id} | _BEGUN[table]
    marks = ", ".join("?" for _ in values)
    mending.cursor.execute(
        f'INSERT INTO "{table}" ({", ".join(values)}) VALUES ({marks})', list(values.values())
    )


def release_leases(mending: Mending, check: Check, keys: Sequence[Key]) -> Deed:
    """Release leases that their engines have left; the fencing number stays."""
    for key in keys:
        mending.update("leases", key, {"owner": None, "expires_at": None})
    return Deed(check.kind, check.table, len(keys), 0)


def make_indexes_anew(mending: Mending, check: Check, keys: Sequence[Key]) -> Deed:
    """Make the indexes of a table, or of all tables, anew from their rows."""
    mending.cursor.execute(f'REINDEX "{check.table}"' if check.table else "REINDEX")
    return Deed(check.kind, check.table, len(keys), 0)
