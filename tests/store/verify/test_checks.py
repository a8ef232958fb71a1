"""Every check finds what it is for, and nothing in a store that is as it should be."""

from collections.abc import Iterable

import pytest

from cts_tui.clock import SystemClock
from cts_tui.model.verification import Consent, Verification
from cts_tui.store.database import Database
from cts_tui.store.verify.passes import Depth, VerifyPass
from cts_tui.store.verify.registry import CHECKS
from tests.store.conftest import Damage

_BUY = "SELECT min(id) FROM orders WHERE purpose = 'entry'"
_EXIT = "SELECT min(id) FROM orders WHERE purpose = 'exit'"
_CLOSED = "SELECT min(id) FROM positions WHERE status = 'closed'"

DAMAGES = {
    "live-on-disabled/connections": "UPDATE connections SET live = 1, mode = 'live' WHERE id = 3",
    "live-on-paper/connections": "UPDATE connections SET live = 1, enabled = 1 WHERE id = 3",
    "missing-engine-state/connections": "DELETE FROM engine_states WHERE connection_id = 2",
    "missing-lease/connections": "DELETE FROM leases WHERE connection_id = 2",
    "left-lease/leases": "UPDATE leases SET owner = 'gone', expires_at = "
    "'2025-01-01T00:00:00.000Z' WHERE connection_id = 2",
    "closed-without-exit/positions": "UPDATE positions SET exit_reason = NULL "
    f"WHERE id = ({_CLOSED})",
    "open-with-exit/positions": f"UPDATE positions SET status = 'open' WHERE id = ({_CLOSED})",
    "position-without-entry-order/positions": "UPDATE orders SET client_order_id = 'x', "
    f"position_key = position_key WHERE id = ({_BUY})",
    "stuck-order/orders": f"UPDATE orders SET status = 'unknown' WHERE id = ({_EXIT})",
    "filled-order-without-fills/orders": "UPDATE orders SET quantity = '900000', "
    f"updated_at = '2025-01-01T00:00:00.000Z' WHERE id = ({_EXIT})",
    "fills-beyond-order/orders": f"UPDATE orders SET quantity = '0.001' WHERE id = ({_EXIT})",
    "order-differs-from-fills/orders": f"UPDATE orders SET filled = '7' WHERE id = ({_BUY})",
    "position-differs-from-fills/positions": "UPDATE positions SET entered = entered || '1' "
    f"WHERE id = ({_CLOSED})",
    "pnl-differs/positions": f"UPDATE positions SET pnl = '99.5' WHERE id = ({_CLOSED})",
    "orphan/candles": "INSERT INTO candles SELECT 777, symbol, timeframe, time_ms, open, high, "
    "low, close, volume, source FROM candles LIMIT 3",
    "orphan/orders": f"UPDATE orders SET connection_id = 777 WHERE id = ({_BUY})",
    "fill-without-order/fills": "UPDATE fills SET client_order_id = 'nobody' WHERE id = 5",
    "bad-value/candles": "UPDATE candles SET close = 'NaN' WHERE time_ms % 7 = 0",
    "high-below-low/candles": "UPDATE candles SET high = low - 1 WHERE time_ms % 7 = 0",
    "index-differs/orders": "DROP INDEX ix_orders_position_key",
}
"""By what is to be found, how it comes about."""


def look(database: Database, depth: Depth = Depth.PAGES) -> Verification:
    found = VerifyPass(SystemClock().now_ms(), depth=depth)
    found.run(database)
    return found.result(SystemClock().now_ms())


def names(found: Verification) -> Iterable[str]:
    return {f"{finding.kind}/{finding.table}" for finding in found.findings}


@pytest.mark.parametrize("depth", Depth)
def test_a_store_that_has_traded_is_clean(traded: Database, depth: Depth) -> None:
    found = look(traded, depth)
    assert found.findings == ()
    assert found.is_whole
    assert found.rows["candles"] == 800
    assert found.rows["orders"] == found.rows["fills"] > 100


@pytest.mark.parametrize("name", [name for name in DAMAGES if not name.startswith("index")])
def test_what_cannot_be_is_found(traded: Database, damage: Damage, name: str) -> None:
    damage(DAMAGES[name])
    assert name in names(look(traded))


def test_every_check_is_tried_here() -> None:
    tried = {name.partition("/")[0] for name in DAMAGES}
    assert {check.kind for check in CHECKS} <= tried


_FAULTY = {
    "positions.entry_price": ["'NaN'", "'Infinity'", "'-3'", "'0'", "'1.2.3'", "'abc'", "x'3132'"],
    "positions.side": ["'lng'", "''", "x'6c6f6e67'", "CAST(x'6cff6e67' AS TEXT)"],
    "positions.opened_at": ["'yesterday'", "'2025-04-03T12:00:00'", "7"],
    "positions.entry_time_ms": ["'soon'", "-5", "99999999999999", "1.5"],
    "positions.is_live": ["2", "'yes'", "0.5"],
    "orders.status": ["'lost'"],
    "orders.quantity": ["'-1'", "'1e'", "''"],
    "fills.price": ["'0'", "'nan'", "'-0.5'"],
    "candles.open": ["'x'", "-1", "0", "9e999", "-9e999", "x'00'"],
    "candles.volume": ["-0.1", "'none'"],
    "connections.symbols": ["'[1]'", "'BTC'", "'{}'", "x'5b5d'"],
    "connections.mode": ["'live '"],
    "engine_states.figures": ["'{'", "'[]'"],
    "settings.value": ["'{\"a\":'"],
    "events.message": ["CAST(x'c328' AS TEXT)"],
    'indications."values"': ["'{\"a\": NaN}'", "'[]'", "CAST(x'7b2261223a22ff227d' AS TEXT)"],
    "balances.total": ["'1,5'"],
}


@pytest.mark.parametrize(
    ("column", "value"), [(column, value) for column in _FAULTY for value in _FAULTY[column]]
)
def test_no_value_that_cannot_be_is_overlooked(
    traded: Database, damage: Damage, column: str, value: str
) -> None:
    table, _, name = column.partition(".")
    damage(
        "INSERT INTO balances VALUES (1, 0, 'USDT', '1', '0', '1', '2025-04-03T12:00:00.000Z')",
        "INSERT INTO settings VALUES ('a', '1', '2025-04-03T12:00:00.000Z')",
        f"UPDATE {table} SET {name} = {value}",
    )
    found = [one for one in look(traded).findings if one.kind == "bad-value"]
    assert [one.table for one in found] == [table]
    assert name.strip('"') in found[0].example


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("positions.entry_price", "'0.00000000000001'"),
        ("positions.entry_price", "'1E+3'"),
        ("positions.pnl", "'-12.5'"),
        ("positions.opened_at", "'2025-04-03T12:00:00+00:00'"),
        ("events.message", "'ein Tässchen → 5 €'"),
        ("candles.volume", "0"),
        ("orders.updated_at", "'2025-04-03T12:00:00.123456Z'"),
        ("settings.value", "'\"ü\"'"),
    ],
)
def test_what_can_be_is_no_fault(traded: Database, damage: Damage, column: str, value: str) -> None:
    table, _, name = column.partition(".")
    damage(f"UPDATE {table} SET {name} = {value}")
    assert "bad-value" not in {one.kind for one in look(traded).findings}


def test_schema_faults_are_found(traded: Database, damage: Damage) -> None:
    damage(
        "DROP INDEX ix_orders_position_key",
        "ALTER TABLE fills DROP COLUMN venue_order_id",
        "DROP TABLE alerts",
        "CREATE TABLE songs (id INTEGER)",
        "ALTER TABLE events ADD COLUMN mood TEXT",
        "CREATE INDEX fast ON events (kind)",
        "DELETE FROM alembic_version",
    )
    found = {one.kind: one for one in look(traded).findings}
    assert found["missing-index"].example == "ix_orders_position_key"
    assert found["missing-column"].message == "the table fills lacks venue_order_id"
    assert found["missing-table"].table == "alerts"
    assert found["schema-version"].consent is Consent.NONE
    told = found["unknown-in-schema"].message
    assert "column events.mood, index fast, table songs" in told


def test_a_table_that_forgot_what_is_unique_is_found_and_its_doubles(
    traded: Database, damage: Damage
) -> None:
    damage(
        "CREATE TABLE copy AS SELECT * FROM orders",
        "INSERT INTO copy SELECT * FROM orders WHERE id < 4",
        "DROP TABLE orders",
        "ALTER TABLE copy RENAME TO orders",
    )
    found = {one.kind: one for one in look(traded).findings if one.table == "orders"}
    assert "client_order_id may be doubled" in found["table-differs"].message
    assert found["doubled-client-order-id"].count == 3


def test_a_row_that_an_index_does_not_know_is_found(traded: Database, damage: Damage) -> None:
    damage(
        "PRAGMA writable_schema=ON",
        "UPDATE sqlite_master SET sql = 'CREATE INDEX ix_events_time ON events (subject)' "
        "WHERE name = 'ix_events_time'",
    )
    assert "index-differs/events" in names(look(traded))


def test_each_finding_is_told_with_its_number_and_its_first_example(
    traded: Database, damage: Damage
) -> None:
    damage("UPDATE connections SET live = 1, mode = 'live' WHERE id IN (2, 3)")
    (finding,) = look(traded).findings
    assert finding.message == "2 connections are live though disabled"
    assert finding.example == "binance"
    assert finding.safe
