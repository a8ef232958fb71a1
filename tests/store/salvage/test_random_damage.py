"""Pages damaged at random: every row on the others comes out as it was, and none is made up."""

import random
import shutil
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from .ruins import KINDS, PAGE, resting_on, rows_by_page, rows_in, ruin, salvaged

Known = dict[int, set[tuple[str, tuple[Any, ...]]]]
OF_CONNECTIONS = ("engine_states", "leases")
"""Their rows go into the quarantine where their connection is lost, and are begun anew."""


@pytest.fixture(scope="module")
def by_page(traded_file: Path) -> Known:
    return rows_by_page(traded_file)


@pytest.mark.parametrize("seed", range(4))
def test_what_rests_on_sound_pages_comes_out_as_it_was(
    seed: int, traded_file: Path, by_page: Known, tmp_path: Path
) -> None:
    judge(seed, traded_file, by_page, tmp_path)


@pytest.mark.soak
@pytest.mark.parametrize("hundred", range(1, 11))
def test_so_it_does_a_thousand_times(
    hundred: int, traded_file: Path, by_page: Known, tmp_path: Path
) -> None:
    for seed in range(hundred * 100, hundred * 100 + 100):
        folder = tmp_path / str(seed)
        folder.mkdir()
        judge(seed, traded_file, by_page, folder)
        shutil.rmtree(folder)


def judge(seed: int, traded_file: Path, by_page: Known, folder: Path) -> None:
    chance = random.Random(seed)
    file = folder / "cts.db"
    shutil.copy(traded_file, file)
    pages = chance.sample(range(1, file.stat().st_size // PAGE + 1), chance.choice((1, 2, 5, 20)))
    done = [(page, chance.choice(KINDS)) for page in pages]
    for page, how in done:
        ruin(file, page, how, chance)
    made = salvaged(file, folder / "scratch")

    whole = set().union(*by_page.values())
    found = {(table, row) for table, rows in rows_in(made.file).items() for row in rows}
    missing = {one for one in whole - resting_on(pages, by_page) - found if _counts(one)}
    aside = [one for one in found if one[0] == "quarantine"]
    is_uncertain = any("are set aside" in note for note in made.salvage.notes)
    assert not missing or (is_uncertain and len(aside) >= len(missing)), done
    flipped = Counter(table for table, _ in resting_on(_flipped(done), by_page))
    other = Counter(one[0] for one in found - whole if _counts(one))
    assert other <= flipped, done


def _flipped(done: list[tuple[int, str]]) -> list[int]:
    """Return the pages on which single bytes of a row may have changed, which nothing can tell."""
    return [page for page, how in done if how == "flips"]


def _counts(one: tuple[str, tuple[Any, ...]]) -> bool:
    table, row = one
    is_stand_in = table == "connections" and str(row[1]).startswith("b'recovered-")
    return table not in (*OF_CONNECTIONS, "quarantine", "settings") and not is_stand_in
