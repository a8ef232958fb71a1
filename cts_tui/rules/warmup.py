"""How much history an expression needs, and on which timeframes it can be computed."""

from collections.abc import Iterator

from cts_tui.errors import RuleError
from cts_tui.model.market import timeframe_ms
from cts_tui.rules.syntax import (
    Expression,
    Field,
    HigherTimeframe,
    IndicatorValue,
    Leaf,
    Rule,
    leaves,
)
from cts_tui.rules.tokens import fault


def warmup(rule: Rule | Expression, timeframe: str) -> int:
    """Return the candles of `timeframe` after which every part of the rule has a value.

    `sma(20) > close[3]` → 20, `crosses_above(sma(20), close)` → 21. A higher timeframe counts with
    its longest start, a bucket of which the first candle is missing. Raises RuleError for a
    timeframe that `at` cannot reach from `timeframe`.
    """
    expression = rule.condition if isinstance(rule, Rule) else rule
    needs = (_leaf_warmup(leaf, timeframe) + ago for leaf, ago in leaves(expression))
    return max(needs, default=1)


def _leaf_warmup(leaf: Leaf, timeframe: str) -> int:
    match leaf:
        case Field():
            return 1
        case IndicatorValue(call=call, inputs=inputs):
            return call.lookback + max(warmup(series, timeframe) for series in inputs)
        case HigherTimeframe(timeframe=higher, operand=operand):
            return (warmup(operand, higher) + 1) * multiple(leaf, timeframe) - 1


def multiple(leaf: HigherTimeframe, timeframe: str) -> int:
    """Return how many candles of `timeframe` make one of the leaf's.

    Raises RuleError at the leaf's position unless that is a whole number.
    """
    count, rest = divmod(timeframe_ms(leaf.timeframe), timeframe_ms(timeframe))
    if rest or not count:
        message = f'at("{leaf.timeframe}", …) needs a whole multiple of the timeframe {timeframe}'
        raise fault(message, leaf.position)
    return count


def timeframe_faults(rule: Rule, timeframe: str) -> Iterator[RuleError]:
    """Yield the refusal of `rule` on `timeframe`, if there is one."""
    try:
        warmup(rule, timeframe)
    except RuleError as error:
        yield error


def reach(expression: Expression) -> int:
    """Return the longest look back in `expression`, those inside indicators included, added up."""
    return max((ago + _inner_reach(leaf) for leaf, ago in leaves(expression)), default=0)


def _inner_reach(leaf: Leaf) -> int:
    match leaf:
        case Field():
            return 0
        case IndicatorValue(inputs=inputs):
            return max(map(reach, inputs))
        case HigherTimeframe(operand=operand):
            return reach(operand)
