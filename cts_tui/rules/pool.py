"""The live state of one symbol: its values in the places of a plan, and its indicator streams."""

from typing import Final

from cts_tui.indicators.stream import Stream
from cts_tui.model.market import Candle
from cts_tui.rules.evaluate import History, nothing
from cts_tui.rules.higher import Bucket, Higher
from cts_tui.rules.operators import State
from cts_tui.rules.plan import NestedPlan, Plan


class Pool:
    """One symbol's state by a plan that many symbols share."""

    __slots__ = ("_nested", "_plan", "_work", "state")

    def __init__(self, plan: Plan) -> None:
        self.state: Final[State] = plan.new_state()
        self._plan = plan
        self._work = [
            (step, Stream(call)) for step, (call, _) in zip(plan.steps, plan.keys, strict=True)
        ]
        self._nested = [_Nested(nested, plan.timeframe) for nested in plan.nested]

    def update(self, candle: Candle) -> None:
        """Take in the next closed candle: O(1) for every indicator."""
        state = self.state
        for push, place in self._plan.fields:
            push(state, candle[place])
        for nested in self._nested:
            nested.update(candle, state)
        for step, stream in self._work:
            step(state, stream)

    def fill(self, history: History) -> None:
        """Start again as if every candle of `history` had been taken in."""
        for nested in self._nested:
            nested.fill(history)
        for (_, stream), key in zip(self._work, self._plan.keys, strict=True):
            _, inputs = key
            history.know(key, stream.fill([history.values(series) for series in inputs]))
        for leaf, place in self._plan.places.items():
            recent = history.column(leaf)[-place.depth :].tolist()[::-1]
            missing = place.depth - len(recent)
            place.fill(self.state, [*recent, *[nothing(leaf)] * missing])


class _Nested:
    """A higher timeframe of one symbol, fed by the lower one."""

    __slots__ = ("_bucket", "_is_started", "_plan", "_pool")

    def __init__(self, plan: NestedPlan, timeframe: str) -> None:
        self._plan = plan
        self._bucket = Bucket(Higher(timeframe, plan.leaf.timeframe))
        self._pool = Pool(plan.plan)
        self._is_started = False

    def update(self, candle: Candle, state: State) -> None:
        for higher in self._bucket.add(candle):
            self._pool.update(higher)
            self._is_started = True
        for push, value, unknown in self._plan.reads:
            push(state, value(self._pool.state) if self._is_started else unknown)

    def fill(self, history: History) -> None:
        higher, _ = history.higher(self._plan.leaf)
        self._pool.fill(higher)
        self._bucket.fill(history.columns)
        self._is_started = len(higher.columns) > 0
