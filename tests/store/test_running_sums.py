"""Running sums agree with what is added up anew, whatever happens to the rows in between."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text

from cts_tui.model.trading import ExitReason, PositionStatus
from cts_tui.store import setting_rows, sums
from cts_tui.store.batch import Batch
from cts_tui.store.database import Database
from cts_tui.store.running_sums import RUNNING_SUMS, RunningSums, forget

from .samples import NOW, NOW_MS, add_connection, position, write


@pytest.fixture
def owner(database: Database) -> int:
    return add_connection(database)


def close(database: Database, owner: int, key: str, pnl: str, closed_ms: int) -> None:
    batch = Batch()
    batch.position(
        owner,
        position(
            key,
            status=PositionStatus.CLOSED,
            pnl=Decimal(pnl),
            exit_price=Decimal(103),
            exit_time_ms=closed_ms,
            exit_reason=ExitReason.RULE,
        ),
        closed_ms,
    )
    write(database, batch)


def signals(database: Database, owner: int, first: int, *statuses: str) -> None:
    with database.write() as transaction:
        for number, status in enumerate(statuses, first):
            transaction.execute(
                text(
                    "INSERT INTO signals (connection_id, strategy, symbol, timeframe, time_ms, "
                    "side, kind, price, reason, status, source, created_at) VALUES (:owner, 's', "
                    "'X', '1m', :n, 'long', 'entry', '1', '', :status, 'csv', :now)"
                ),
                {"owner": owner, "n": number, "status": status, "now": NOW.isoformat()},
            )


def read(database: Database, running: RunningSums) -> tuple[sums.RealizedFigures, dict[str, int]]:
    with database.read() as transaction:
        return running.realized(transaction), running.signals(transaction)


def store(database: Database, running: RunningSums) -> None:
    with database.write() as transaction:
        running.put(transaction, NOW)


STEPS = st.lists(st.tuples(st.integers(0, 5), st.integers(-3, 3)), max_size=12)


@settings(
    max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(steps=STEPS)
def test_the_sum_is_what_all_rows_add_up_to(
    database: Database, owner: int, steps: list[tuple[int, int]]
) -> None:
    with database.write() as transaction:
        transaction.execute(text("DELETE FROM positions"))
    running = RunningSums(is_anew=True)
    for number, (second, pnl) in enumerate(steps):
        close(database, owner, f"p{number}", str(pnl), NOW_MS + second * 1000)
        with database.read() as transaction:
            assert running.realized(transaction) == sums.realized_figures(transaction)


def test_who_begins_goes_on_from_what_is_stored(database: Database, owner: int) -> None:
    for number in range(3):
        close(database, owner, f"p{number}", "1.5", NOW_MS + number)
    first = RunningSums(is_anew=True)
    read(database, first)
    store(database, first)
    with database.write() as transaction:  # a stored sum is trusted, not made anew
        stored = setting_rows.get(transaction, RUNNING_SUMS)
        (key,) = stored["closed"]
        stored["closed"][key]["pnl"] = "1000"
        setting_rows.put(transaction, RUNNING_SUMS, stored, NOW)
    assert read(database, RunningSums())[0].pnl == Decimal("1001.5")
    assert read(database, RunningSums(is_anew=True))[0].pnl == Decimal("4.5")


def test_a_stored_sum_of_other_rows_is_made_anew(database: Database, owner: int) -> None:
    for number in range(3):
        close(database, owner, f"p{number}", "1.5", NOW_MS + number)
    first = RunningSums(is_anew=True)
    read(database, first)
    store(database, first)
    with database.write() as transaction:
        transaction.execute(text("DELETE FROM positions WHERE key = 'p0'"))
    assert read(database, RunningSums())[0] == sums.RealizedFigures(2, 2, Decimal(3))


@pytest.mark.parametrize("stored", ["?", 3, {}, {"closed": {"1 x": {}}, "signals": {}}])
def test_a_stored_sum_that_cannot_be_read_was_never_stored(
    database: Database, owner: int, stored: object
) -> None:
    close(database, owner, "p", "2", NOW_MS)
    with database.write() as transaction:
        setting_rows.put(transaction, RUNNING_SUMS, stored, NOW)
    assert read(database, RunningSums())[0] == sums.RealizedFigures(1, 1, Decimal(2))


def test_a_sum_that_is_forgotten_is_made_anew(database: Database, owner: int) -> None:
    running = RunningSums(is_anew=True)
    close(database, owner, "p", "2", NOW_MS)
    close(database, owner, "q", "2", NOW_MS + 1)
    read(database, running)
    store(database, running)
    with database.write() as transaction:
        transaction.execute(text("UPDATE positions SET pnl = '5' WHERE key = 'p'"))
        forget(transaction)
    assert read(database, RunningSums())[0].pnl == Decimal(7)


def test_signals_are_counted_by_what_became_of_them_the_newest_anew(
    database: Database, owner: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("cts_tui.store.running_sums._UNSETTLED_SIGNALS", 2)
    running = RunningSums(is_anew=True)
    assert read(database, running)[1] == {}
    signals(database, owner, 0, "executed", "refused", "executed", "new")
    assert read(database, running)[1] == {"executed": 2, "new": 1, "refused": 1}
    with database.write() as transaction:
        transaction.execute(text("UPDATE signals SET status = 'expired' WHERE status = 'new'"))
    signals(database, owner, 4, "new")
    store(database, running)
    for sums_of_now in (running, RunningSums()):
        assert read(database, sums_of_now)[1] == {
            "executed": 2, "expired": 1, "new": 1, "refused": 1,
        }  # fmt: skip
    with database.write() as transaction:
        transaction.execute(text("DELETE FROM signals WHERE time_ms < 2"))
    assert read(database, running)[1] == {"executed": 1, "expired": 1, "new": 1}


def test_times_of_closing_survive_the_store(database: Database, owner: int) -> None:
    close(database, owner, "p", "2", NOW_MS + 123)
    close(database, owner, "q", "3", NOW_MS + 456)
    running = RunningSums(is_anew=True)
    read(database, running)
    store(database, running)
    with database.read() as transaction:
        (kept,) = setting_rows.get(transaction, RUNNING_SUMS)["closed"].values()
    assert datetime.fromisoformat(kept["until"]) == datetime.fromtimestamp(
        (NOW_MS + 456) / 1000, UTC
    )
