"""S9: at most one engine per connection, fenced by a number that only grows."""

from datetime import datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cts_tui.store import leases
from cts_tui.store.database import Database

from .samples import NOW, add_connection

TERM = timedelta(seconds=6)


@pytest.fixture
def connection_id(database: Database) -> int:
    return add_connection(database)


def acquire(database: Database, connection_id: int, owner: str, now: datetime = NOW) -> int | None:
    with database.write() as transaction:
        return leases.acquire(transaction, connection_id, owner, now, now + TERM)


def owner_of(database: Database, connection_id: int, now: datetime = NOW) -> str | None:
    with database.read() as transaction:
        return leases.owner_of(transaction, connection_id, now)


def release(database: Database, owner: str, connection_id: int | None = None) -> None:
    with database.write() as transaction:
        leases.release(transaction, owner, connection_id)


def test_a_lease_has_one_owner(database: Database, connection_id: int) -> None:
    assert acquire(database, connection_id, "one") == 1
    assert acquire(database, connection_id, "other") is None
    assert owner_of(database, connection_id) == "one"


def test_renewing_keeps_the_number_and_moves_the_end(
    database: Database, connection_id: int
) -> None:
    acquire(database, connection_id, "one")
    later = NOW + timedelta(seconds=5)
    assert acquire(database, connection_id, "one", later) == 1
    assert acquire(database, connection_id, "other", NOW + timedelta(seconds=7)) is None
    assert owner_of(database, connection_id, later + TERM) == "one"


def test_a_lease_may_be_taken_over_only_after_its_end(
    database: Database, connection_id: int
) -> None:
    acquire(database, connection_id, "one")
    assert acquire(database, connection_id, "other", NOW + TERM) is None
    over = NOW + TERM + timedelta(milliseconds=1)
    assert owner_of(database, connection_id, over) is None
    assert acquire(database, connection_id, "other", over) == 2
    assert acquire(database, connection_id, "one", over) is None


def test_a_released_lease_is_free_at_once_under_a_higher_number(
    database: Database, connection_id: int
) -> None:
    acquire(database, connection_id, "one")
    release(database, "one", connection_id)
    assert owner_of(database, connection_id) is None
    assert acquire(database, connection_id, "one") == 2


def test_nobody_releases_the_lease_of_another(database: Database, connection_id: int) -> None:
    acquire(database, connection_id, "one")
    release(database, "other")
    release(database, "other", connection_id)
    assert owner_of(database, connection_id) == "one"


def test_an_owner_can_release_one_lease_or_all(database: Database, connection_id: int) -> None:
    second = add_connection(database, "second")
    third = add_connection(database, "third")
    for each in (connection_id, second, third):
        acquire(database, each, "one")
    release(database, "one", second)
    assert [owner_of(database, each) for each in (connection_id, second, third)] == [
        "one",
        None,
        "one",
    ]
    release(database, "one")
    assert owner_of(database, connection_id) is owner_of(database, third) is None


def shares(database: Database, owner: str, now: datetime = NOW) -> dict[str, float]:
    with database.read() as transaction:
        return leases.shares(transaction, owner, now)


def test_the_share_of_an_exchange_is_the_part_of_its_leases_held_now(database: Database) -> None:
    names = ("first", "second", "third", "idle")
    first, second, third, _ = (add_connection(database, name) for name in names)
    other = add_connection(database, "other exchange", exchange="kraken")
    assert shares(database, "one") == {}
    acquire(database, first, "one")
    acquire(database, other, "two")
    assert shares(database, "one") == {"simulated": 1.0}
    acquire(database, second, "one")
    acquire(database, third, "two")
    assert shares(database, "one") == {"simulated": pytest.approx(2 / 3)}
    assert shares(database, "two") == {"simulated": pytest.approx(1 / 3), "kraken": 1.0}


def test_leases_that_ran_out_or_were_given_up_take_no_share(
    database: Database, connection_id: int
) -> None:
    second = add_connection(database, "second")
    acquire(database, connection_id, "killed")
    acquire(database, second, "one", NOW + TERM)
    assert shares(database, "one", NOW + TERM) == {"simulated": 0.5}
    assert shares(database, "one", NOW + TERM + TERM / 2) == {"simulated": 1.0}
    release(database, "one")
    assert shares(database, "one", NOW + TERM) == {}


@settings(
    max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.lists(st.tuples(st.sampled_from("abc"), st.booleans(), st.integers(0, 9)), max_size=12))
def test_two_owners_never_hold_a_lease_together_and_the_number_never_falls(
    database: Database, connection_id: int, steps: list[tuple[str, bool, int]]
) -> None:
    now, last = NOW, 0
    until: dict[str, datetime] = {}
    release(database, owner_of(database, connection_id) or "")
    for owner, is_release, seconds in steps:
        now += timedelta(seconds=seconds)
        if is_release:
            release(database, owner, connection_id)
            until.pop(owner, None)
            continue
        fence = acquire(database, connection_id, owner, now)
        is_held_by_another = any(end >= now for name, end in until.items() if name != owner)
        assert (fence is None) is is_held_by_another
        if fence is not None:
            assert fence >= last
            last, until[owner] = fence, now + TERM
