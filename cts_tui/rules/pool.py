"""The live state of one timeframe: every indicator that is asked for, once, and its recent values.

Every leaf of the expressions (candle field, indicator output, higher timeframe) has a slot: a
deque with its value at the last closed candle first, as long as the rules look back. Expressions
are compiled to closures that read slots and nothing else.
"""

from collections import deque
from collections.abc import Callable, Iterable, Sequence

from cts_tui.indicators.stream import Stream
from cts_tui.model.market import Candle
from cts_tui.rules.evaluate import History, IndicatorKey, nothing
from cts_tui.rules.higher import Bucket, Higher
from cts_tui.rules.operators import OPERATORS, Condition, Value
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

Slot = deque[float]
_PLACES = {name: place for place, name in enumerate(Candle._fields)}


class Pool:
    """The slots of one timeframe, for all expressions given at the start."""

    def __init__(self, timeframe: str, expressions: Iterable[Expression]) -> None:
        self._depths: dict[Leaf, int] = {}
        self._keys: dict[IndicatorKey, Stream] = {}
        """In the order in which they can be computed: inputs first."""
        for expression in expressions:
            self._gather(expression)
        self._slots: dict[Leaf, Slot] = {
            leaf: deque([nothing(leaf)] * (ago + 1), maxlen=ago + 1)
            for leaf, ago in self._depths.items()
        }
        self._fields = [
            (self._slots[leaf].appendleft, _PLACES[leaf.name])
            for leaf in self._depths
            if isinstance(leaf, Field)
        ]
        self._nested = self._nest(timeframe)
        self._steps = [self._step(key, stream) for key, stream in self._keys.items()]

    def update(self, candle: Candle) -> None:
        """Take in the next closed candle: O(1) for every indicator."""
        for push, place in self._fields:
            push(candle[place])
        for nested in self._nested:
            nested.update(candle)
        for step in self._steps:
            step()

    def fill(self, history: History) -> None:
        """Start again as if every candle of `history` had been taken in."""
        for nested in self._nested:
            nested.fill(history)
        for key, stream in self._keys.items():
            _, inputs = key
            history.know(key, stream.fill([history.values(series) for series in inputs]))
        for leaf, slot in self._slots.items():
            _refill(slot, history.column(leaf)[-len(slot) :].tolist(), nothing(leaf))

    def closure(self, expression: Expression, ago: int = 0) -> Value | Condition:
        """Return the closure that gives `expression` at the last closed candle (`ago` before it).

        Raises KeyError for an expression with leaves that the pool was not given.
        """
        match expression:
            case Number(value=value):
                return lambda: value
            case Shift(operand=operand, candles=candles):
                return self.closure(operand, ago + candles)
            case Operation(name=name, operands=operands):
                parts = [self.closure(operand, ago) for operand in operands]
                if looks_at_previous(expression):
                    parts += [self.closure(operand, ago + 1) for operand in operands]
                return OPERATORS[name].live(*parts)
            case leaf:
                slot = self._slots[leaf]
                return lambda: slot[ago]

    def _gather(self, expression: Expression) -> None:
        for leaf, ago in leaves(expression):
            if isinstance(leaf, IndicatorValue) and leaf not in self._depths:
                for series in leaf.inputs:
                    self._gather(series)
                self._keys.setdefault((leaf.call, leaf.inputs), Stream(leaf.call))
            self._depths[leaf] = max(ago, self._depths.get(leaf, 0))

    def _nest(self, timeframe: str) -> "list[_Nested]":
        groups: dict[str, list[HigherTimeframe]] = {}
        for leaf in self._depths:
            if isinstance(leaf, HigherTimeframe):
                groups.setdefault(leaf.timeframe, []).append(leaf)
        return [_Nested(timeframe, leaves, self._slots) for leaves in groups.values()]

    def _step(self, key: IndicatorKey, stream: Stream) -> Callable[[], None]:
        """Return what computes one indicator from its inputs into its slots."""
        call, inputs = key
        sources = [self.closure(series) for series in inputs]
        pushes = [
            (self._slots[leaf].appendleft, leaf.output)
            for leaf in self._depths
            if isinstance(leaf, IndicatorValue) and (leaf.call, leaf.inputs) == key
        ]
        if len(call.indicator.outputs) == len(sources) == 1:
            return _single_step(stream, sources[0], pushes[0][0])
        return _step(stream, sources, pushes)


class _Nested:
    """The slots of a higher timeframe, fed by the lower one, and the leaves that read it."""

    def __init__(
        self, timeframe: str, leaves: Sequence[HigherTimeframe], slots: dict[Leaf, Slot]
    ) -> None:
        multiple(leaves[0], timeframe)
        self._leaf = leaves[0]
        self._bucket = Bucket(Higher(timeframe, self._leaf.timeframe))
        self._pool = Pool(self._leaf.timeframe, [leaf.operand for leaf in leaves])
        self._is_started = False
        self._reads = [
            (slots[leaf].appendleft, self._pool.closure(leaf.operand), nothing(leaf))
            for leaf in leaves
        ]

    def update(self, candle: Candle) -> None:
        for higher in self._bucket.add(candle):
            self._pool.update(higher)
            self._is_started = True
        for push, value, unknown in self._reads:
            push(value() if self._is_started else unknown)

    def fill(self, history: History) -> None:
        higher, _ = history.higher(self._leaf)
        self._pool.fill(higher)
        self._bucket.fill(history.columns)
        self._is_started = len(higher.columns) > 0


def _single_step(
    stream: Stream, source: Value, push: Callable[[float], None]
) -> Callable[[], None]:
    return lambda: push(stream.update(source())[0])


def _step(
    stream: Stream, sources: Sequence[Value], pushes: Sequence[tuple[Callable[[float], None], int]]
) -> Callable[[], None]:
    def step() -> None:
        outputs = stream.update(*[source() for source in sources])
        for push, place in pushes:
            push(outputs[place])

    return step


def _refill(slot: Slot, recent: list[float], unknown: float) -> None:
    """Put `recent`, oldest first, into the slot, and `unknown` where it does not reach."""
    missing = len(slot) - len(recent)
    slot.extend([*reversed(recent), *[unknown] * missing])
