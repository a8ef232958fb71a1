"""What goes into a column comes out of it: money exactly, times as aware UTC."""

from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import Column, Integer, MetaData, Table, create_engine, insert, select
from sqlalchemy.exc import StatementError
from sqlalchemy.pool import StaticPool

from cts_tui.clock import utc_from_ms
from cts_tui.store.batch import Batch
from cts_tui.store.column_types import DecimalText, Json, UtcTime, to_ms
from cts_tui.store.database import Database

from .samples import NOW, NOW_MS, add_connection, rows, write

VALUES = Table(
    "round_trips",
    MetaData(),
    Column("id", Integer, primary_key=True),
    Column("amount", DecimalText),
    Column("time", UtcTime),
    Column("plain", Json),
)
ENGINE = create_engine("sqlite://", poolclass=StaticPool)
VALUES.create(ENGINE)

amounts = st.decimals(
    min_value=Decimal("-1e24"), max_value=Decimal("1e24"), allow_nan=False, places=12
) | st.integers(-(10**40), 10**40).map(Decimal)


def stored(**values: object) -> tuple[object, str, str]:
    """Return what comes back, the text that lies in the file, and its type there."""
    name = next(iter(values))
    with ENGINE.begin() as connection:
        connection.execute(VALUES.delete())
        connection.execute(insert(VALUES).values(**values))
        kind, raw = connection.exec_driver_sql(
            f"SELECT typeof({name}), {name} FROM round_trips"
        ).one()
        return connection.execute(select(VALUES.c[name])).scalar(), raw, kind


@settings(max_examples=200, deadline=None)
@given(amounts)
def test_an_amount_comes_back_exactly_and_lies_there_as_text(amount: Decimal) -> None:
    value, raw, kind = stored(amount=amount)
    assert value == amount
    assert kind == "text"
    assert "E" not in raw


@pytest.mark.parametrize(
    ("amount", "text"),
    [("1.50", "1.5"), ("1E+3", "1000"), ("-0", "0"), ("0.000000000001", "0.000000000001")],
)
def test_an_amount_is_written_in_plain_digits(amount: str, text: str) -> None:
    assert stored(amount=Decimal(amount)) == (Decimal(text), text, "text")


@pytest.mark.parametrize("amount", ["NaN", "sNaN", "Infinity", "-Infinity"])
def test_s12_what_is_no_amount_is_refused(amount: str) -> None:
    with pytest.raises(StatementError, match="is no amount of money"):
        stored(amount=Decimal(amount))


@pytest.mark.parametrize("price", ["NaN", "-Infinity"])
def test_s12_a_price_that_is_no_amount_reaches_no_row(database: Database, price: str) -> None:
    connection_id = add_connection(database)
    batch = Batch()
    batch.latest_price(connection_id, "BTC/USDT", Decimal(price), NOW_MS, "csv")
    with pytest.raises(Exception, match="is no amount of money"):
        write(database, batch)
    assert rows(database, "latest_prices") == []


@settings(max_examples=200, deadline=None)
@given(st.integers(0, 4_102_444_800_000))
def test_milliseconds_come_back_exactly_through_a_stored_time(time_ms: int) -> None:
    value, raw, _ = stored(time=utc_from_ms(time_ms))
    assert isinstance(value, datetime)
    assert value.utcoffset() == timedelta(0)
    assert to_ms(value) == time_ms
    assert raw.endswith("Z")
    assert len(raw) == len("2025-04-03T17:05:00.000Z")


@given(st.integers(10**9, 4 * 10**9), st.integers(-14, 14))
def test_a_time_of_another_zone_is_stored_as_the_same_moment(seconds: int, hours: int) -> None:
    there = datetime.fromtimestamp(seconds, timezone(timedelta(hours=hours)))
    assert stored(time=there)[0] == there


@given(st.integers(0, 4_102_444_800_000), st.integers(0, 4_102_444_800_000))
def test_stored_times_sort_as_the_moments_do(one: int, other: int) -> None:
    texts = [stored(time=utc_from_ms(time_ms))[1] for time_ms in (one, other)]
    assert (texts[0] < texts[1]) is (one < other)


def test_a_naive_time_is_refused() -> None:
    with pytest.raises(StatementError, match="has no time zone"):
        stored(time=NOW.replace(tzinfo=None))


def test_a_missing_value_stays_missing() -> None:
    for name in ("amount", "time", "plain"):
        assert stored(**{name: None})[0] is None


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(max_size=20),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
        max_leaves=10,
    )
)
def test_lists_and_figures_come_back_as_they_were(value: object) -> None:
    assert stored(plain=value)[0] == value


def test_figures_that_are_no_numbers_become_null() -> None:
    assert stored(plain={"median_ms": float("nan")})[0] == {"median_ms": None}


def test_a_time_keeps_its_milliseconds_and_no_more() -> None:
    moment = datetime(2025, 4, 3, 17, 5, 0, 123_999, tzinfo=UTC)
    assert stored(time=moment)[1] == "2025-04-03T17:05:00.123Z"
