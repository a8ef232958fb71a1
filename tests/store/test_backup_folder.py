"""Which backups are listed and which are kept; what is not ours by name is never touched."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from cts_tui.errors import StoreError
from cts_tui.store.backup import make_backup
from cts_tui.store.backup_folder import (
    Keep,
    backup_name,
    keep_newest,
    list_backups,
    newest_at,
    replaced_name,
    rotate,
)
from cts_tui.store.database import Database

NOON = datetime(2026, 3, 11, 12, tzinfo=UTC)  # a Wednesday
KEEP = Keep(daily=7, weekly=4, others=3, latest=1)
ONE = Keep(daily=1, weekly=0, others=1, latest=1)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "backups"


@pytest.fixture
def whole(database: Database, tmp_path: Path) -> bytes:
    """The content of a backup; its manifest says that it was scheduled at NOON."""
    made = make_backup(database, tmp_path / "one", reason="scheduled", now=NOON)
    return made.file.read_bytes()


def make(database: Database, folder: Path, *ages: timedelta, reason: str = "scheduled") -> None:
    for age in sorted(ages, reverse=True):
        make_backup(database, folder, reason=reason, now=NOON - age)


def days(*numbers: float) -> list[timedelta]:
    return [timedelta(days=number) for number in numbers]


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def ages(folder: Path, reason: str) -> list[float]:
    found = [each for each in list_backups(folder) if each.reason == reason]
    return [(NOON - each.made_at) / timedelta(days=1) for each in found]


def test_a_folder_that_is_missing_has_no_backups(folder: Path) -> None:
    assert list_backups(folder) == []
    assert newest_at(folder, "scheduled", until=NOON) is None
    assert rotate(folder, KEEP) == []


def test_the_newest_is_first_and_those_of_one_second_are_in_order(
    database: Database, folder: Path
) -> None:
    make(database, folder, *days(3, 1))
    make(database, folder, *days(2), reason="manual")
    for _ in range(11):
        make(database, folder, *days(0), reason="before-repair")
    found = [each.file.name for each in list_backups(folder)]
    assert found[:2] == [
        backup_name(NOON, "before-repair", 11),
        backup_name(NOON, "before-repair", 10),
    ]
    assert found[10:] == [
        backup_name(NOON, "before-repair"),
        backup_name(NOON - timedelta(days=1), "scheduled"),
        backup_name(NOON - timedelta(days=2), "manual"),
        backup_name(NOON - timedelta(days=3), "scheduled"),
    ]


@pytest.mark.parametrize(
    "name",
    [
        "mine.db.gz",
        "cts-20260311T120000Z-manual.db",
        "cts-20260311T120000Z-manual.db.gz.part",
        "cts-20260230T120000Z-manual.db.gz",
        "cts-20260311T120000Z-Manual.db.gz",
        "cts-20260311T120000Z-.db.gz",
        "replaced-20260311T120000Z.db-wal",
        "cts.db",
    ],
)
def test_what_is_not_ours_by_name_is_neither_listed_nor_removed(
    database: Database, folder: Path, name: str
) -> None:
    folder.mkdir()
    (folder / name).write_bytes(b"x")
    make(database, folder, *days(0, 1, 2))
    assert len(list_backups(folder)) == 3
    rotate(folder, ONE)
    assert names(folder) == sorted([name, backup_name(NOON, "scheduled")])


def test_days_and_weeks_are_kept_by_their_newest(folder: Path, database: Database) -> None:
    make(database, folder, *days(0, 0.1, 0.4, 1, 1.2, 2, 3, 4, 5, 6, 7, 8, 9, 12, 16, 23, 30, 37))
    gone = rotate(folder, KEEP)
    assert ages(folder, "scheduled") == [0, 1, 2, 3, 4, 5, 6, 12, 23]
    assert len(gone) == 9
    assert rotate(folder, KEEP) == []


def test_the_newest_three_are_kept_whatever_their_day(folder: Path, database: Database) -> None:
    make(database, folder, *days(0, 0.1, 0.2, 0.3, 1))
    rotate(folder, Keep(daily=1, weekly=1, others=1))
    assert ages(folder, "scheduled") == [0, 0.1, 0.2]


def test_hourly_backups_over_two_months_end_as_the_last_days_and_weeks(
    folder: Path, whole: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Rotated after each, as a keeper does; names alone count here, the content is one."""
    folder.mkdir()
    monkeypatch.setattr("cts_tui.store.backup_folder.read_manifest", lambda _: None)
    monkeypatch.setattr("cts_tui.store.backup_folder._counts", lambda _: True)
    for hour in range(0, 60 * 24, 6):
        (folder / backup_name(NOON + timedelta(hours=hour), "scheduled")).write_bytes(b"")
        rotate(folder, KEEP)
    kept = [each.made_at for each in list_backups(folder)]
    last = NOON + timedelta(hours=60 * 24 - 6)
    assert kept[0] == last
    assert [(last.date() - at.date()).days for at in kept] == [*range(7), 7, 14, 21]


def test_other_reasons_are_kept_apart_and_by_hand_all_are(database: Database, folder: Path) -> None:
    for reason in ("before-migration", "before-repair", "manual"):
        make(database, folder, *days(40, 41, 42, 43, 44), reason=reason)
    make(database, folder, *days(0))
    for number in range(5):
        name = replaced_name(NOON - timedelta(days=number))
        (folder / name).write_bytes(b"x")
        (folder / f"{name}-wal").write_bytes(b"y")
    rotate(folder, KEEP)
    assert ages(folder, "before-migration") == ages(folder, "before-repair") == [40, 41, 42]
    assert len(ages(folder, "manual")) == 5
    assert ages(folder, "replaced") == [0, 1, 2]
    assert len(list(folder.glob("*-wal"))) == 3


def test_a_backup_that_is_cut_off_neither_counts_nor_goes(database: Database, folder: Path) -> None:
    make(database, folder, *days(0, 1, 2))
    newest = list_backups(folder)[0].file
    newest.write_bytes(newest.read_bytes()[:-20])
    rotate(folder, ONE)
    assert ages(folder, "scheduled") == [0, 1]
    assert [each.is_verified for each in list_backups(folder)] == [False, True]


@pytest.mark.parametrize("content", [b"", b"junk", b"\x1f\x8b\x08\x10"])
def test_what_is_no_backup_though_named_so_is_listed_as_not_verified(
    folder: Path, content: bytes
) -> None:
    folder.mkdir()
    (folder / backup_name(NOON, "manual")).write_bytes(content)
    (found,) = list_backups(folder)
    assert (found.made_at, found.reason, found.is_verified) == (NOON, "manual", False)
    assert (found.schema, found.rows, found.sha256) == (None, None, None)


def test_every_byte_of_what_a_backup_says_of_itself_is_checked(folder: Path, whole: bytes) -> None:
    folder.mkdir()
    file = folder / backup_name(NOON, "scheduled")
    end = whole.index(b"\0", 10)
    for place in [*range(end + 1), *range(len(whole) - 8, len(whole))]:
        changed = bytearray(whole)
        changed[place] ^= 1
        file.write_bytes(changed)
        assert not list_backups(folder)[0].is_verified, place


def test_only_the_newest_of_one_reason_are_kept_before_migrations(
    database: Database, folder: Path
) -> None:
    make(database, folder, *days(0, 1, 2, 3), reason="before-migration")
    make(database, folder, *days(0, 1, 2, 3))
    assert len(keep_newest(folder, "before-migration", 2)) == 2
    assert ages(folder, "before-migration") == [0, 1]
    assert len(ages(folder, "scheduled")) == 4


def test_a_date_in_the_future_does_not_stand_for_the_newest(
    database: Database, folder: Path
) -> None:
    make(database, folder, *days(-400, 2, 3))
    assert newest_at(folder, "scheduled", until=NOON) == NOON - timedelta(days=2)


def test_a_folder_that_is_none_is_one_line(folder: Path) -> None:
    folder.write_text("x")
    with pytest.raises(StoreError, match="cannot be listed: Not a directory"):
        list_backups(folder)
