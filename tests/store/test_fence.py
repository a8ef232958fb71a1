"""S9: no intent is recorded by who holds the lease no more, in the transaction that writes it."""

from datetime import timedelta

import pytest

from cts_tui.clock import utc_from_ms
from cts_tui.engine.recorder import Recorder
from cts_tui.errors import StoreError
from cts_tui.model.connection import ConnectionDraft
from cts_tui.store import connections, leases
from cts_tui.store.batch import Batch
from cts_tui.store.database import Database
from cts_tui.store.journal import Journal
from cts_tui.store.tables import ORDERS

from .samples import NOW_MS, ORDER

NOW = utc_from_ms(NOW_MS)


@pytest.fixture
def owned(database: Database) -> int:
    """A connection whose lease `me` holds."""
    with database.write() as transaction:
        key = connections.add(transaction, ConnectionDraft("c", "simulated"), NOW)
        leases.acquire(transaction, key, "me", NOW, NOW + timedelta(seconds=6))
    return key


def orders(database: Database) -> int:
    with database.read() as transaction:
        return len(transaction.execute(ORDERS.select()).all())


def take_over(database: Database, connection_id: int) -> None:
    later = NOW + timedelta(seconds=10)
    with database.write() as transaction:
        assert leases.acquire(
            transaction, connection_id, "other", later, later + timedelta(seconds=6)
        )


async def test_s9_an_intent_is_recorded_while_the_lease_is_ours(
    database: Database, journal: Journal, owned: int
) -> None:
    await Recorder(owned, journal, owner="me").record_intents([ORDER])
    assert orders(database) == 1


async def test_s9_an_intent_is_refused_once_another_engine_has_taken_over(
    database: Database, journal: Journal, owned: int
) -> None:
    take_over(database, owned)
    with pytest.raises(StoreError, match="another engine holds the lease"):
        await Recorder(owned, journal, owner="me").record_intents([ORDER])
    assert orders(database) == 0
    assert not journal.figures.is_failing


async def test_s9_a_refused_intent_keeps_up_nothing_else(
    database: Database, journal: Journal, owned: int
) -> None:
    take_over(database, owned)
    other = Batch()
    other.event(time_ms=NOW_MS, who="cli", kind="setting", subject="x", message="y")
    journal.submit(other)
    with pytest.raises(StoreError):
        await Recorder(owned, journal, owner="me").record_intents([ORDER])
    await journal.flush()
    with database.read() as transaction:
        assert transaction.exec_driver_sql("SELECT count(*) FROM events").scalar_one() == 1
    assert journal.figures.dropped == 0
