"""Checked pieces of a rule while it is parsed: an expression, where it stands, how deep it is."""

from typing import Final, NamedTuple

from cts_tui.errors import RuleError
from cts_tui.rules.printer import to_text
from cts_tui.rules.syntax import Expression, Number, Operation, Shift, is_condition
from cts_tui.rules.tokens import Token, fault

DEEPEST: Final = 64
"""Levels of nesting in a rule."""
LONGEST_LOOKBACK: Final = 10_000
"""Candles that `x[n]` may look back."""
LARGEST_NUMBER: Final = 1e15


class Part(NamedTuple):
    """An expression with its 0-based column and the height of its tree."""

    expression: Expression
    position: int
    depth: int = 1

    def __str__(self) -> str:
        text = to_text(self.expression)
        return f"`{text}`" if len(text) <= 40 else f"`{text[:36]}…`"


def built(expression: Expression, position: int, *children: Part) -> Part:
    """Return the part made of `children`; raise RuleError when it is nested too deep."""
    depth = 1 + max((child.depth for child in children), default=0)
    if depth > DEEPEST:
        raise too_deep(position)
    return Part(expression, position, depth)


def too_deep(position: int) -> RuleError:
    """Return the refusal of a rule that is nested too deep."""
    return fault(f"the rule is nested deeper than {DEEPEST} levels", position)


def operation(name: str, *operands: Part, position: int | None = None) -> Part:
    """Return the operator applied to its operands; it stands where the first one does."""
    place = operands[0].position if position is None else position
    expressions = tuple(operand.expression for operand in operands)
    return built(Operation(name, expressions), place, *operands)


def numeric(where: str, part: Part) -> Part:
    """Return `part` if it is a number, else raise RuleError; `where` is what asks for it."""
    if is_condition(part.expression):
        message = f"{where} takes numbers, but {part} is a condition (true or false)"
        raise fault(message, part.position)
    return part


def conditional(where: str, part: Part) -> Part:
    """Return `part` if it is a condition, else raise RuleError; `where` is what asks for it."""
    if not is_condition(part.expression):
        message = f"{where} takes conditions, but {part} is a number; compare it, like {part} > 0"
        raise fault(message.replace("` > 0", " > 0`"), part.position)
    return part


def number(token: Token) -> Part:
    """Return the constant of a number token."""
    value = float(token.text)
    if value > LARGEST_NUMBER:
        raise fault(f"a number is at most {LARGEST_NUMBER:g}, found {token}", token.position)
    return Part(Number(value), token.position)


def negative(sign: Token, operand: Part) -> Part:
    """Return the operand with its sign turned; a constant stays a constant."""
    numeric("`-`", operand)
    if isinstance(operand.expression, Number):
        # 0.0 - x, so that minus zero does not exist.
        return Part(Number(0.0 - operand.expression.value), sign.position)
    return operation("negative", operand, position=sign.position)


def look_back(part: Part, count: Token) -> Part:
    """Return `part` as it was as many candles ago as the token `count` says."""
    candles = _candles_ago(count)
    match part.expression:
        case Number():
            return part
        case Shift(operand=operand, candles=more):
            candles += more
        case operand:
            pass
    if candles > LONGEST_LOOKBACK:
        raise fault(f"a look back is at most {LONGEST_LOOKBACK} candles", count.position)
    return built(Shift(operand, candles), part.position, part) if candles else part


def _candles_ago(count: Token) -> int:
    if count.text == "-":
        message = "a look back counts candles into the past; no rule can see the future"
        raise fault(f"{message}, so it cannot be negative", count.position)
    if count.kind != "number" or not float(count.text).is_integer():
        message = f"a look back is a whole number of candles, like [1], found {count}"
        raise fault(message, count.position)
    return int(min(float(count.text), LONGEST_LOOKBACK + 1))
