"""What is wrong with the schema of a store, as findings."""

import sqlite3
from collections.abc import Iterator
from typing import Final

from cts_tui.model.health import Gravity
from cts_tui.model.verification import Consent, Finding
from cts_tui.store.verify.schema_look import VERSION_TABLE, SchemaLook
from cts_tui.store.verify.value_checks import consent_for, gravity_of
from cts_tui.store.version import HEAD

MISSING_TABLE: Final = "missing-table"
MISSING_COLUMN: Final = "missing-column"
MISSING_INDEX: Final = "missing-index"
TABLE_DIFFERS: Final = "table-differs"
UNKNOWN: Final = "unknown-in-schema"
VERSION: Final = "schema-version"
OF_SCHEMA: Final = (
    MISSING_TABLE,
    MISSING_COLUMN,
    MISSING_INDEX,
    TABLE_DIFFERS,
    UNKNOWN,
    VERSION,
)

HARMLESS: Final = {
    "connections.symbols_filter": None,
    "connections.last_test": None,
    "connections.flatten_requested_at": None,
    "connections.is_predefined": 0,
    "engine_states.heartbeat_at": None,
    "engine_states.started_at": None,
    "engine_states.restarts": 0,
    "engine_states.last_error": None,
    "engine_states.last_error_at": None,
    "engine_states.feed_source": None,
    "engine_states.figures": None,
    "engine_states.status": "stopped",
    "engine_programs.stop_requested_at": None,
    "engine_programs.figures": None,
    "leases.owner": None,
    "leases.expires_at": None,
    "strategies.description": "",
    "orders.reason": "",
    "orders.answer": "",
    "fills.venue_order_id": "",
    "positions.close_requested_at": None,
    "externals.wish": None,
    "risk_states.reset_requested_at": None,
    "events.before": None,
    "events.after": None,
    "alerts.notified_at": None,
    "latest_prices.is_stale": 1,
}
"""Columns whose loss changes nothing that trades, and what stands for it."""


def schema_findings(cursor: sqlite3.Cursor, look: SchemaLook) -> list[Finding]:
    """Return what differs from the declared schema."""
    return [*_version(cursor, look), *_tables(look), *_columns(look), *_indexes(look), *_rest(look)]


def _version(cursor: sqlite3.Cursor, look: SchemaLook) -> Iterator[Finding]:
    rows = []
    if VERSION_TABLE in look.found:
        rows = [str(row[0]) for row in cursor.execute(f"SELECT version_num FROM {VERSION_TABLE}")]
    if rows != [HEAD]:
        said = f"says {', '.join(rows)}" if rows else "does not say which schema it has"
        yield Finding(
            kind=VERSION,
            gravity=Gravity.CRITICAL,
            table=VERSION_TABLE,
            count=1,
            example="",
            message=f"the store {said}, expected {HEAD}",
            consent=Consent.NONE if not rows else Consent.REPAIR,
            action=f"marked as {HEAD} once its tables are those of {HEAD}",
        )


def _tables(look: SchemaLook) -> Iterator[Finding]:
    for name in look.missing_tables:
        yield Finding(
            kind=MISSING_TABLE,
            gravity=Gravity.CRITICAL,
            table=name,
            count=1,
            example=name,
            message=f"the table {name} is missing",
            consent=Consent.NONE,
            action=_MADE.get(name, "made anew, empty: what it held is lost unless a backup has it"),
        )


_MADE: Final = {
    "settings": "made anew, empty, with the kill switch on: whether it was on, and the limits, are "
    "lost unless a backup has them",
    "connections": "made anew; what belongs to a lost connection gets one named recovered-ID, "
    "disabled and on paper",
}


def _columns(look: SchemaLook) -> Iterator[Finding]:
    for table, columns in look.missing_columns.items():
        is_harmless = all(f"{table}.{column}" in HARMLESS for column in columns)
        yield Finding(
            kind=MISSING_COLUMN,
            gravity=Gravity.CRITICAL,
            table=table,
            count=len(columns),
            example=f"{table}.{columns[0]}",
            message=f"the table {table} lacks {', '.join(columns)}",
            consent=Consent.NONE if is_harmless else consent_of_rebuild(table),
            action="the table is made anew with all its rows"
            if is_harmless
            else "the table is made anew; rows for which nothing tells the value are set aside in "
            "the table quarantine",
        )


def consent_of_rebuild(table: str) -> Consent:
    """Return whose word it takes to make a table anew where rows may have to leave it."""
    consent = consent_for(table)
    return Consent.REPAIR if consent is Consent.NONE else consent


def _indexes(look: SchemaLook) -> Iterator[Finding]:
    for table, names in look.missing_indexes.items():
        yield Finding(
            kind=MISSING_INDEX,
            gravity=Gravity.WARNING,
            table=table,
            count=len(names),
            example=names[0],
            message=f"the table {table} lacks the index {', '.join(names)}",
            consent=Consent.NONE,
            action="made anew",
        )


def _rest(look: SchemaLook) -> Iterator[Finding]:
    for table in look.found:
        lines = [
            *look.changed.get(table, ()),
            *(f"{' + '.join(key)} may be doubled" for key in look.missing_uniques.get(table, ())),
        ]
        if lines:
            yield Finding(
                kind=TABLE_DIFFERS,
                gravity=gravity_of(table),
                table=table,
                count=len(lines),
                example=lines[0],
                message=f"the table {table} is not as declared: {'; '.join(lines)}",
                consent=consent_of_rebuild(table),
                action="the table is made anew; rows that do not fit it are set aside in the table "
                "quarantine",
            )
    if look.unknown:
        yield Finding(
            kind=UNKNOWN,
            gravity=Gravity.WARNING,
            table="",
            count=len(look.unknown),
            example=look.unknown[0],
            message=f"the store holds what cts-tui did not make: {', '.join(look.unknown)}",
            consent=Consent.IMPOSSIBLE,
            action="left alone: drop it, or keep it",
        )
