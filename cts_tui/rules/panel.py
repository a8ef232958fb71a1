"""Rules and indications on live candles: one panel per symbol and timeframe, for all strategies.

panel = Panel("5m", ["sma(20)", "macd(12,26,9)"], [rule])
panel.fill(history)             # warm: vector speed
holds = panel.compile(rule)
panel.update(candle)            # a closed candle, O(1)
if holds(): ...
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache, partial
from typing import cast

from cts_tui.model.columns import CandleColumns
from cts_tui.model.market import Candle
from cts_tui.rules.evaluate import History
from cts_tui.rules.operators import Condition, Value
from cts_tui.rules.parser import parse_indication
from cts_tui.rules.plan import Plan
from cts_tui.rules.pool import Pool
from cts_tui.rules.printer import to_text
from cts_tui.rules.syntax import Expression, HigherTimeframe, IndicatorValue, Rule, leaves
from cts_tui.rules.warmup import warmup


@dataclass(frozen=True, slots=True)
class _Layout:
    """What all panels of the same timeframe, indications and rules share."""

    plan: Plan
    warmup: int
    names: tuple[str, ...]
    values: tuple[Value, ...]
    conditions: dict[Expression, Condition]


@lru_cache(maxsize=64)
def _layout(timeframe: str, indications: tuple[str, ...], rules: tuple[Rule, ...]) -> _Layout:
    conditions = [rule.condition for rule in rules]
    shown = _shown(indications, conditions)
    plan = Plan(timeframe, [*shown, *conditions])
    return _Layout(
        plan=plan,
        warmup=max((warmup(x, timeframe) for x in (*shown, *conditions)), default=1),
        names=tuple(map(to_text, shown)),
        values=tuple(cast(Value, plan.closure(expression)) for expression in shown),
        conditions={x: cast(Condition, plan.closure(x)) for x in conditions},
    )


class Panel:
    """The indications of one symbol and timeframe, and the rules that read them.

    Raises RuleError for an indication that is not one, or for an `at` that `timeframe` cannot
    reach. Equal to `evaluate` over the same candles, value by value. Not for several threads.
    """

    def __init__(self, timeframe: str, indications: Sequence[str], rules: Sequence[Rule]) -> None:
        layout = self._layout = _layout(timeframe, tuple(indications), tuple(rules))
        self._pool = Pool(layout.plan)
        self.timeframe = timeframe
        self.warmup = layout.warmup
        """Closed candles after which every value and every rule is warm."""
        self.names = layout.names
        """What `values` gives: the indications, then every other indicator the rules name."""
        self.update: Callable[[Candle], None] = self._pool.update
        """Take in the next closed candle; its time must be later than the last one's."""

    def fill(self, columns: CandleColumns) -> None:
        """Start again from closed candles, as if each had been given to `update`, but faster."""
        self._pool.fill(History(columns, self.timeframe))

    def compile(self, rule: Rule) -> Callable[[], bool]:
        """Return what tells whether `rule` holds at the last closed candle.

        It stays good across `update` and `fill`. `rule` must be one of those the panel was built
        with, else KeyError.
        """
        return partial(self._layout.conditions[rule.condition], self._pool.state)

    def values(self) -> list[float]:
        """Return the value of each of `names` at the last closed candle, NaN during warm-up."""
        state = self._pool.state
        return [value(state) for value in self._layout.values]


def _shown(indications: Sequence[str], conditions: Sequence[Expression]) -> list[Expression]:
    """Return what the panel shows: the indications, then the rules' indicators; no doubles."""
    named = (expression for text in indications for expression in parse_indication(text))
    used = (found for condition in conditions for found in indicators_in(condition))
    return list(dict.fromkeys([*named, *used]))


def indicators_in(expression: Expression) -> Iterator[Expression]:
    """Yield every indicator value that `expression` reads, the inputs of indicators before them."""
    for leaf, _ in leaves(expression):
        match leaf:
            case IndicatorValue(inputs=inputs):
                for series in inputs:
                    yield from indicators_in(series)
                yield leaf
            case HigherTimeframe(timeframe=timeframe, operand=operand, position=position):
                for found in indicators_in(operand):
                    yield HigherTimeframe(timeframe, found, position)
            case _:
                pass
