"""The strategy language: text → checked syntax tree. Nothing is ever evaluated by Python.

Binding, loosest first: `or`, `and`, `not`, comparisons (`a < b < c` means `a < b and b < c`),
`+ -`, `* /`, unary `-`, look back `x[n]` and output `macd(12,26,9).signal`.
"""

from typing import Final

from cts_tui.errors import RuleError
from cts_tui.rules.calls import Argument, MissingOutputError, call_part, unknown_name
from cts_tui.rules.parts import (
    DEEPEST,
    LONGEST_LOOKBACK,
    Part,
    conditional,
    look_back,
    negative,
    number,
    numeric,
    operation,
    too_deep,
)
from cts_tui.rules.printer import BINDING, to_text
from cts_tui.rules.syntax import FIELDS, Expression, Field, Rule, is_condition
from cts_tui.rules.tokens import Token, fault, tokenize
from cts_tui.rules.warmup import reach

_COMPARISON: Final = BINDING["<"]
_COMPARISONS: Final = frozenset(name for name, power in BINDING.items() if power == _COMPARISON)
_INFIX: Final = {name: power for name, power in BINDING.items() if name not in ("not", "negative")}


def parse_rule(text: str) -> Rule:
    """Return the rule written in `text`.

    Raises RuleError, which tells the column, for anything that is not a condition of the language.
    """
    condition = parse_expression(text)
    if not is_condition(condition):
        shown = to_text(condition)
        message = f"a rule is true or false, but `{shown}` is a number; compare it"
        raise fault(f"{message}, like `{shown} > 0`", 0)
    return Rule(condition, text)


def parse_expression(text: str) -> Expression:
    """Return the number or condition written in `text`. Raises RuleError."""
    expression = _Parser(text).parse()
    if reach(expression) > LONGEST_LOOKBACK:
        raise fault(f"the rule looks back more than {LONGEST_LOOKBACK} candles in all", 0)
    return expression


def parse_indication(text: str) -> tuple[Expression, ...]:
    """Return the numbers that `text` names: every output of an indicator that has several.

    `macd(12,26,9)` → its macd, signal and hist. Raises RuleError, also for a condition.
    """
    try:
        expression = parse_expression(text)
    except MissingOutputError as missing:
        return tuple(parse_expression(f"{text}.{output}") for output in missing.outputs)
    if is_condition(expression):
        raise fault(f"an indication is a number, but `{to_text(expression)}` is a condition", 0)
    return (expression,)


class _Parser:
    """One pass over the tokens of one rule (precedence climbing)."""

    def __init__(self, text: str) -> None:
        self._tokens = tokenize(text)
        self._index = 0
        self._nesting = 0

    def parse(self) -> Expression:
        """Return the whole text as one expression."""
        if self._next.kind == "end":
            raise fault("the rule is empty", 0)
        part = self._expression(0)
        if self._next.kind != "end":
            raise self._unexpected("an operator or the end of the rule")
        return part.expression

    @property
    def _next(self) -> Token:
        return self._tokens[self._index]

    def _take(self) -> Token:
        token = self._next
        self._index += 1
        return token

    def _take_if(self, text: str) -> bool:
        is_there = self._next.kind in ("symbol", "name") and self._next.text == text
        self._index += is_there
        return is_there

    def _unexpected(self, expected: str) -> RuleError:
        return fault(f"expected {expected}, found {self._next}", self._next.position)

    def _expression(self, binding: int) -> Part:
        """Return the longest expression whose operators bind at least as tightly as `binding`."""
        self._nesting += 1
        if self._nesting > DEEPEST:
            raise too_deep(self._next.position)
        left = self._prefix()
        while (power := _INFIX.get(self._next.text, 0)) and power >= binding:
            left = self._infix(left, power)
        self._nesting -= 1
        return left

    def _infix(self, left: Part, power: int) -> Part:
        if power == _COMPARISON:
            return self._comparison(left)
        operator = self._take()
        right = self._expression(power + 1)
        check = numeric if power > _COMPARISON else conditional
        return operation(operator.text, check(str(operator), left), check(str(operator), right))

    def _comparison(self, left: Part) -> Part:
        """Return a comparison, or a chain of them joined by `and`."""
        links: list[Part] = []
        while self._next.text in _COMPARISONS:
            operator = self._take()
            right = self._expression(_COMPARISON + 1)
            where = str(operator)
            links.append(operation(operator.text, numeric(where, left), numeric(where, right)))
            left = right
        chain = links[0]
        for link in links[1:]:
            chain = operation("and", chain, link)
        return chain

    def _prefix(self) -> Part:
        token = self._next
        if self._take_if("-"):
            return negative(token, self._expression(BINDING["negative"]))
        if self._take_if("not"):
            operand = conditional("`not`", self._expression(BINDING["not"]))
            return operation("not", operand, position=token.position)
        part = self._atom()
        while self._take_if("["):
            part = look_back(part, self._take())
            if not self._take_if("]"):
                raise self._unexpected("`]` after the number of candles")
        return part

    def _atom(self) -> Part:
        token = self._next
        if token.kind == "number":
            return number(self._take())
        if token.kind == "name" and token.text not in BINDING:
            return self._named(self._take())
        if self._take_if("("):
            inner = self._expression(0)
            if not self._take_if(")"):
                raise self._unexpected("an operator or `)`")
            return inner._replace(position=token.position)
        raise self._unexpected("a value")

    def _named(self, name: Token) -> Part:
        if self._take_if("("):
            return call_part(name, self._arguments(), self._output())
        if name.text in FIELDS:
            return Part(Field(name.text), name.position)
        raise unknown_name(name)

    def _arguments(self) -> list[Argument]:
        arguments: list[Argument] = []
        if self._take_if(")"):
            return arguments
        while True:
            arguments.append(self._take() if self._next.kind == "text" else self._expression(0))
            if self._take_if(")"):
                return arguments
            if not self._take_if(","):
                raise self._unexpected("an operator, `,` or `)`")

    def _output(self) -> Token | None:
        if not self._take_if("."):
            return None
        if self._next.kind != "name":
            raise self._unexpected("the name of an output after `.`")
        return self._take()
