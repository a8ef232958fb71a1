"""Alerts of any sequence of faults: raised once until cleared, told within the pace, never lost.

The rows are all that outlives a kill: whatever the keeper knows beside them may be gone.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from cts_tui.engine.alerts.book import AlertBook, Changes, Moment
from cts_tui.engine.alerts.notices import Item, NoticeBook, Word
from cts_tui.engine.alerts.pace import MOST_IN_A_WHILE
from cts_tui.engine.alerts.rules import AlertRule
from cts_tui.model.alerts import Alert, AlertKey
from cts_tui.model.health import Fault, Gravity

RULES = {
    "at-once": AlertRule(raise_after_s=0, clear_after_s=10),
    "slow": AlertRule(raise_after_s=20, clear_after_s=40),
}
QUIET_S, REPEAT_S = 120.0, 600.0
KEYS = [("at-once", "a"), ("at-once", "b"), ("at-once", "c"), ("slow", "a")]

faults = st.dictionaries(st.sampled_from(KEYS), st.sampled_from(Gravity))
steps = st.lists(
    st.tuples(
        st.floats(0.5, 90),  # seconds since the look before
        faults,
        st.sampled_from(["taken", "taken", "refused", "killed before telling", "killed after"]),
        st.sampled_from([0, 0, 0, -61, 3_601]),  # seconds by which the clock jumps
    ),
    max_size=40,
)
calm_steps = st.lists(
    st.tuples(st.floats(0.5, 90), faults, st.sampled_from(["taken", "refused"])), max_size=60
)


class World:
    """A keeper, the rows it writes, and the trader's phone."""

    def __init__(self) -> None:
        self.at = Moment(1_000_000_000_000, 0.0)
        self.rows: dict[tuple[AlertKey, int], Alert] = {}
        self.changes: list[tuple[Moment, Changes]] = []
        self.told: list[tuple[int, list[Item]]] = []
        self.start()

    def start(self) -> None:
        """Begin with nothing but the rows, as a new process does."""
        rows = list(self.rows.values())
        self.book = AlertBook((row for row in rows if row.is_standing), RULES.__getitem__)
        self.notices = NoticeBook(
            quiet_s=QUIET_S, repeat_s=REPEAT_S, known=rows, rule_of=RULES.__getitem__
        )

    def step(
        self, seconds: float, present: dict[AlertKey, Gravity], fate: str, jump_s: float = 0
    ) -> None:
        """Look once, write, tell; `fate` says how the telling ends."""
        now_ms = self.at.now_ms + round((seconds + jump_s) * 1000)
        self.at = Moment(now_ms, self.at.elapsed_s + seconds)
        found = [Fault(*key, gravity, "m") for key, gravity in present.items()]
        changes = self.book.look(found, self.at)
        self.changes.append((self.at, changes))
        for alert in changes.cleared:
            self.notices.end(alert)
        self.write([*self.book.standing, *changes.cleared])
        due = self.notices.due(self.book.standing, self.at.now_ms)
        if fate == "killed before telling" or not due:
            return self.start() if "killed" in fate else None
        self.notices.post(due, self.at.now_ms)
        if fate == "refused":
            self.notices.unpost(due)
            return None
        self.told.append((self.at.now_ms, due))
        if fate == "killed after":
            return self.start()
        for alert in self.notices.settle(due, self.at.now_ms):
            self.book.put(alert)
            self.write([alert])
        return None

    def write(self, alerts: Sequence[Alert]) -> None:
        for alert in alerts:
            self.rows[alert.key, alert.raised_ms] = replace(alert)

    def settle_down(self) -> None:
        """Let nothing be wrong for long, with a target that takes everything."""
        for _ in range(60):
            self.step(30, {}, "taken")


Step = tuple[float, dict[AlertKey, Gravity], str, float]
CalmStep = tuple[float, dict[AlertKey, Gravity], str]


def play(sequence: Sequence[Step | CalmStep]) -> World:
    world = World()
    for step in sequence:
        world.step(*step)
    return world


@given(steps)
@settings(deadline=None)
def test_an_alert_is_raised_once_until_it_is_cleared_whatever_is_killed(
    sequence: list[Step],
) -> None:
    world = play(sequence)
    standing: set[AlertKey] = set()
    for _, changes in world.changes:
        for alert in changes.cleared:
            standing.remove(alert.key)
        for alert in changes.raised:
            assert alert.key not in standing
            standing.add(alert.key)
    rows = [row.key for row in world.rows.values() if row.is_standing]
    assert sorted(rows) == sorted(standing)


@given(calm_steps)
@settings(deadline=None)
def test_it_is_raised_no_sooner_and_cleared_no_sooner_than_its_rule_says(
    sequence: list[CalmStep],
) -> None:
    world = World()
    seen: dict[AlertKey, float] = {}
    """Since when a fault has been there at every look (there) or gone at every look (gone)."""
    gone: dict[AlertKey, float] = {}
    for seconds, present, fate in sequence:
        world.step(seconds, present, fate)
        at, changes = world.changes[-1]
        for key in KEYS:
            (seen if key in present else gone).setdefault(key, at.elapsed_s)
            (gone if key in present else seen).pop(key, None)
        for alert in changes.raised:
            assert at.elapsed_s - seen[alert.key] >= RULES[alert.rule].raise_after_s
        for alert in changes.cleared:
            assert at.elapsed_s - gone[alert.key] >= RULES[alert.rule].clear_after_s


@given(calm_steps)
@settings(deadline=None)
def test_flapping_brings_no_more_notices_than_the_pace_allows(sequence: list[CalmStep]) -> None:
    world = play([(seconds, present, "taken") for seconds, present, _ in sequence])
    by_rule: defaultdict[str, list[int]] = defaultdict(list)
    by_alert: defaultdict[tuple[AlertKey, Gravity], list[int]] = defaultdict(list)
    for now_ms, items in world.told:
        for rule in {item.alert.rule for item in items}:
            by_rule[rule].append(now_ms)
        for item in items:
            if item.word in (Word.RAISED, Word.PASSED):
                times = by_alert[item.alert.key, item.alert.severity]
                if not times or times[-1] != now_ms:
                    times.append(now_ms)
    quiet_ms = QUIET_S * 1000
    for times in by_rule.values():
        for first, beyond in zip(times, times[MOST_IN_A_WHILE:], strict=False):
            assert beyond - first >= quiet_ms
    for times in by_alert.values():
        for first, second in pairwise(times):
            assert second - first >= quiet_ms


@given(steps)
@settings(deadline=None)
def test_nothing_that_was_raised_is_lost_whatever_is_refused_or_killed(
    sequence: list[Step],
) -> None:
    world = play(sequence)
    world.settle_down()
    told = {(item.alert.key, item.alert.raised_ms) for _, items in world.told for item in items}
    assert told == set(world.rows)
    for row in world.rows.values():
        assert row.cleared_ms is not None
        assert row.notified_ms is not None
        assert row.notified_ms >= row.cleared_ms


@given(steps)
@settings(deadline=None)
def test_who_was_told_of_an_alert_is_told_that_it_is_over(sequence: list[Step]) -> None:
    world = play(sequence)
    world.settle_down()
    words: defaultdict[tuple[AlertKey, int], list[Word]] = defaultdict(list)
    for _, items in world.told:
        for item in items:
            words[item.alert.key, item.alert.raised_ms].append(item.word)
    for told in words.values():
        assert told[-1] in (Word.CLEARED, Word.PASSED)


@given(faults, st.floats(0, 2_000_000))
@settings(deadline=None)
def test_a_clock_that_goes_back_silences_nothing_for_longer(
    present: dict[AlertKey, Gravity], back_s: float
) -> None:
    world = World()
    for there in ({**present}, {}):
        for _ in range(10):
            world.step(10, there, "taken")
    world.at = Moment(world.at.now_ms - round(back_s * 1000), world.at.elapsed_s)
    before = len(world.told)
    for _ in range(25):
        world.step(10, present, "taken")
    raised = {
        item.alert.key
        for _, items in world.told[before:]
        for item in items
        if item.word is Word.RAISED
    }
    assert raised == set(present)
