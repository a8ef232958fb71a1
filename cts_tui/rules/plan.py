"""What all symbols of one timeframe share: where each value lies, and how it is computed.

Every leaf of the expressions (candle field, indicator output, higher timeframe) has a place in the
state, a flat list of one symbol: its value at the last closed candle and, as far as the rules look
back, the ones before. Expressions are compiled once, to closures that take a state. So hundreds of
symbols run the same few closures, each over a list that is small enough to stay in the cache.
"""

from collections import deque
from collections.abc import Callable, Iterable, Sequence
from typing import Any, Final, NamedTuple

from cts_tui.indicators.stream import Stream
from cts_tui.model.market import Candle
from cts_tui.rules.evaluate import IndicatorKey, nothing
from cts_tui.rules.operators import OPERATORS, Condition, State, Value
from cts_tui.rules.syntax import (
    Expression,
    Field,
    HigherTimeframe,
    IndicatorValue,
    Leaf,
    Number,
    Operation,
    Shift,
    leaves,
    looks_at_previous,
)
from cts_tui.rules.warmup import multiple

Push = Callable[[State, Any], None]
"""Puts the newest value of a leaf into a state."""
Step = Callable[[State, Stream], None]
"""Computes one indicator from its inputs in a state, and pushes its outputs."""

_CANDLE_PLACES: Final = {name: place for place, name in enumerate(Candle._fields)}
_DEEP: Final = 3
"""A leaf of this many values or more keeps them in a deque of its own."""


class Place(NamedTuple):
    """Where a leaf lies in a state, and how many of its values are kept."""

    start: int
    depth: int

    def fresh(self, unknown: Any) -> list[Any]:
        """Return the part of a new state that belongs to the leaf."""
        values = [unknown] * self.depth
        return values if self.depth < _DEEP else [deque(values, maxlen=self.depth)]

    def fill(self, state: State, newest_first: Sequence[Any]) -> None:
        """Put as many values as are kept into a state."""
        if self.depth < _DEEP:
            state[self.start : self.start + self.depth] = newest_first
        else:
            state[self.start] = deque(newest_first, maxlen=self.depth)

    def push(self) -> Push:
        """Return what puts the newest value into a state."""
        start = self.start
        if self.depth >= _DEEP:
            return lambda state, value: state[start].appendleft(value)
        if self.depth == 1:
            return lambda state, value: state.__setitem__(start, value)
        before = start + 1

        def push(state: State, value: Any) -> None:
            state[before] = state[start]
            state[start] = value

        return push

    def read(self, ago: int) -> Value:
        """Return what reads the value `ago` candles before the last one."""
        start, index = self.start, self.start + ago
        if self.depth >= _DEEP:
            return lambda state: state[start][ago]
        return lambda state: state[index]


class Plan:
    """The places and closures of one timeframe, for all expressions given at the start.

    Raises RuleError for an `at` that `timeframe` cannot reach. Nothing in it ever changes.
    """

    def __init__(self, timeframe: str, expressions: Iterable[Expression]) -> None:
        self.timeframe: Final = timeframe
        self._depths: dict[Leaf, int] = {}
        self._keys: dict[IndicatorKey, None] = {}
        for expression in expressions:
            self._gather(expression)
        self.places: Final = self._laid_out()
        self.keys: Final = tuple(self._keys)
        """The indicators in the order in which they can be computed: inputs first."""
        self.fields: Final = [
            (place.push(), _CANDLE_PLACES[leaf.name])
            for leaf, place in self.places.items()
            if isinstance(leaf, Field)
        ]
        self.steps: Final = [self._step(key) for key in self.keys]
        self.nested: Final = self._nest()

    def new_state(self) -> State:
        """Return the state of a symbol that has not had a candle yet."""
        return [
            value for leaf, place in self.places.items() for value in place.fresh(nothing(leaf))
        ]

    def closure(self, expression: Expression, ago: int = 0) -> Value | Condition:
        """Return what gives `expression` at the last closed candle of a state (`ago` before it).

        Raises KeyError for an expression with leaves that the plan was not given.
        """
        match expression:
            case Number(value=value):
                return lambda _state: value
            case Shift(operand=operand, candles=candles):
                return self.closure(operand, ago + candles)
            case Operation(name=name, operands=operands):
                parts = [self.closure(operand, ago) for operand in operands]
                if looks_at_previous(expression):
                    parts += [self.closure(operand, ago + 1) for operand in operands]
                return OPERATORS[name].live(*parts)
            case leaf:
                return self.places[leaf].read(ago)

    def _gather(self, expression: Expression) -> None:
        for leaf, ago in leaves(expression):
            if isinstance(leaf, IndicatorValue) and leaf not in self._depths:
                for series in leaf.inputs:
                    self._gather(series)
                self._keys.setdefault((leaf.call, leaf.inputs))
            self._depths[leaf] = max(ago, self._depths.get(leaf, 0))

    def _laid_out(self) -> dict[Leaf, Place]:
        places: dict[Leaf, Place] = {}
        start = 0
        for leaf, ago in self._depths.items():
            place = places[leaf] = Place(start, ago + 1)
            start += place.depth if place.depth < _DEEP else 1
        return places

    def _nest(self) -> "list[NestedPlan]":
        groups: dict[str, list[HigherTimeframe]] = {}
        for leaf in self.places:
            if isinstance(leaf, HigherTimeframe):
                groups.setdefault(leaf.timeframe, []).append(leaf)
        return [NestedPlan(self, leaves) for leaves in groups.values()]

    def _step(self, key: IndicatorKey) -> Step:
        """Return what computes one indicator from its inputs into its places."""
        call, inputs = key
        sources = [self.closure(series) for series in inputs]
        pushes = [
            (place.push(), leaf.output)
            for leaf, place in self.places.items()
            if isinstance(leaf, IndicatorValue) and (leaf.call, leaf.inputs) == key
        ]
        if len(call.indicator.outputs) == len(sources) == 1:
            return _single_step(sources[0], pushes[0][0])
        return _step(sources, pushes)


class NestedPlan:
    """The plan of a higher timeframe, and the leaves of the lower one that read it."""

    def __init__(self, lower: Plan, leaves: Sequence[HigherTimeframe]) -> None:
        multiple(leaves[0], lower.timeframe)
        self.leaf: Final = leaves[0]
        self.plan: Final = Plan(self.leaf.timeframe, [leaf.operand for leaf in leaves])
        self.reads: Final = [
            (lower.places[leaf].push(), self.plan.closure(leaf.operand), nothing(leaf))
            for leaf in leaves
        ]


def _single_step(source: Value, push: Push) -> Step:
    return lambda state, stream: push(state, stream.update(source(state))[0])


def _step(sources: Sequence[Value], pushes: Sequence[tuple[Push, int]]) -> Step:
    def step(state: State, stream: Stream) -> None:
        outputs = stream.update(*[source(state) for source in sources])
        for push, place in pushes:
            push(state, outputs[place])

    return step
