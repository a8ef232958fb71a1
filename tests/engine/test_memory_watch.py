"""The bound of memory: first what can be spared goes, then entries wait; exits go on."""

from dataclasses import dataclass, field

import pytest

from cts_tui.engine.brakes import Brakes
from cts_tui.engine.memory_watch import MemoryWatch
from cts_tui.store.database import Database
from cts_tui.store.journal import Journal


@dataclass
class Hold:
    """A process that holds what a test says."""

    mb: float
    watch: MemoryWatch
    brakes: Brakes
    told: list[str] = field(default_factory=list)

    async def at(self, mb: float) -> None:
        self.mb = mb
        await self.watch.cycle()


@pytest.fixture
def hold(database: Database, journal: Journal) -> Hold:
    brakes, told = Brakes(), []
    found: Hold

    def tell(_subject: str, words: str) -> None:
        told.append(words)

    watch = MemoryWatch(100, journal, brakes, tell, lambda: found.mb)
    found = Hold(0.0, watch, brakes, told)
    return found


async def test_over_the_bound_it_is_a_fault_until_it_is_well_below(hold: Hold) -> None:
    await hold.at(99)
    assert hold.watch.faults() == []
    await hold.at(101)
    (fault,) = hold.watch.faults()
    assert fault.rule == "memory-high"
    assert "holds 101 MB, the bound is 100 MB" in fault.message
    await hold.at(95)
    assert hold.watch.faults() != []
    await hold.at(89)
    assert hold.watch.faults() == []
    assert hold.brakes.reason == ""


async def test_far_over_the_bound_entries_wait_and_each_change_is_told(hold: Hold) -> None:
    await hold.at(126)
    assert "raise memory_bound_mb" in hold.brakes.reason
    await hold.at(110)
    assert hold.brakes.reason
    await hold.at(80)
    assert hold.brakes.reason == ""
    assert [words.partition(":")[0] for words in hold.told[1:]] == ["memory is free again"]
    assert len(hold.told) == 2


async def test_over_the_bound_market_data_that_waits_is_let_go(
    hold: Hold, journal: Journal, monkeypatch: pytest.MonkeyPatch
) -> None:
    thinned: list[bool] = []
    monkeypatch.setattr(journal, "thin", lambda: thinned.append(True))
    await hold.at(101)
    await hold.at(102)
    assert thinned == [True], "once, as it comes over the bound"


async def test_what_this_process_holds_is_measured(journal: Journal) -> None:
    brakes = Brakes()
    watch = MemoryWatch(1, journal, brakes, lambda *_words: None)
    await watch.cycle()
    assert "the bound is 1 MB" in brakes.reason
