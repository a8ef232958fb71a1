"""`cts-tui externals …`."""

from decimal import Decimal

import pytest

from cts_tui.clock import SystemClock
from cts_tui.desk.desk import Desk
from cts_tui.model.external import External, ExternalKind, ExternalStatus
from cts_tui.store.batch import Batch

from .conftest import Cts

KEYS = (
    "id connection kind symbol side quantity price status wish venue_key first_seen_at last_seen_at"
)


@pytest.fixture
def external(desk: Desk) -> int:
    """An order on the demo that is not ours; return its id."""
    now_ms = SystemClock().now_ms()
    seen = External(
        ExternalKind.ORDER,
        "x-1",
        "BTC/USDT",
        "sell",
        Decimal("0.50"),
        Decimal("90000"),
        ExternalStatus.EXTERNAL,
        first_seen_ms=now_ms,
        last_seen_ms=now_ms,
    )
    with desk.database.write() as transaction:
        query = "SELECT id FROM connections WHERE name = 'demo'"
        connection_id = transaction.exec_driver_sql(query).scalar_one()
        batch = Batch()
        batch.external(connection_id, seen)
        batch.write(transaction)
    return desk.externals.list()[0].id


def test_an_empty_list_says_so(cts: Cts) -> None:
    assert "desk's own" in cts("externals", "list").out
    assert cts("externals", "list", "--json").document == []


def test_the_list_has_the_keys_of_the_guide(cts: Cts, external: int) -> None:
    (row,) = cts("externals", "list", "--json").document
    assert list(row) == KEYS.split()
    assert (row["id"], row["quantity"], row["price"]) == (external, "0.5", "90000")
    assert row["first_seen_at"].endswith("Z")
    assert "BTC/USDT" in cts("externals", "list").out
    assert cts("externals", "list", "--connection", "nope").code == 1


@pytest.mark.parametrize(("word", "said"), [("adopt", "adopting"), ("ignore", "ignoring")])
def test_a_wish_is_taken(cts: Cts, external: int, word: str, said: str) -> None:
    outcome = cts("externals", word, external)
    assert (outcome.code, outcome.err) == (0, "")
    assert outcome.out.startswith(f"{said} order sell BTC/USDT on demo")
    (row,) = cts("externals", "list", "--json").document
    assert row["wish"] == word


def test_a_wish_as_json_is_the_external_as_it_was(cts: Cts, external: int) -> None:
    row = cts("externals", "adopt", external, "--json").document
    assert (row["id"], row["status"]) == (external, "external")


@pytest.mark.usefixtures("unchanged")
def test_what_does_not_exist_is_refused(cts: Cts) -> None:
    assert "there is no external 99" in cts("externals", "adopt", 99).refusal
