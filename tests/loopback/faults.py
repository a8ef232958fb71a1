"""What is to go wrong: rules that match requests, stream messages and connections."""

import random
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from fnmatch import fnmatch
from typing import Any

ABSENT = "__absent__"
"""As a value of `fields`: take the field away."""


@dataclass(slots=True)
class Fault:
    """One rule. Routes are globs on `GET /api/v3/order`, `WS /ws-api/v3` (a new connection),
    `STREAM btcusdt@kline_1m` (a market message) or `USER executionReport` (a private one).

    kinds for requests:
      delay       answer `seconds` later, otherwise as usual
      hang        never answer
      reset       cut the connection
      late        cut now (with `status` answer so, with `mode="hang"` never answer); the request
                  takes effect `seconds` later
      status      answer `status` with `body`, or with a dialect error `code` and `message`
      html, empty, malformed, truncated   garbage, with status 200 unless told
      maintenance what Binance says while it is closed
      fields      change `fields` of the answer (of `symbol` only where given)
      candles     spoil a list of candles: `mode` double, shuffle, gap or short
    With `accepts` a reset, hang, status or garbage comes after the request took effect.

    kinds for stream messages: drop, double, reorder, malformed, fields, delay.
    kinds for connections: reset, status, hang, delay.
    """

    route: str
    kind: str
    times: int | None = 1
    """How often it strikes; None for ever."""
    skip: int = 0
    """How many matches pass unharmed first."""
    chance: float = 1.0
    accepts: bool = False
    seconds: float = 0.0
    status: int | None = None
    body: str | None = None
    code: int | None = None
    message: str = ""
    retry_after_s: int | None = None
    fields: dict[str, Any] = field(default_factory=dict)
    symbol: str | None = None
    mode: str = "double"
    hits: int = 0

    def as_json(self) -> dict[str, Any]:
        """Return the rule with its count for the control port."""
        return asdict(self)


class Faults:
    """The rules that are in force."""

    def __init__(self, seed: int = 1) -> None:
        self.rules: list[Fault] = []
        self._chance = random.Random(seed)

    def add(self, route: str, kind: str, **settings: Any) -> Fault:
        """Put a rule into force and return it; its `hits` tell how often it struck."""
        rule = Fault(route, kind, **settings)
        self.rules.append(rule)
        return rule

    def remove(self, rule: Fault) -> None:
        """Lift one rule."""
        self.rules = [other for other in self.rules if other is not rule]

    def clear(self) -> None:
        """Lift every rule."""
        self.rules.clear()

    def strike(self, route: str) -> list[Fault]:
        """Return the rules that strike now, in the order they were made, and count them."""
        return [rule for rule in self.rules if fnmatch(route, rule.route) and self._strikes(rule)]

    def _strikes(self, rule: Fault) -> bool:
        if rule.times is not None and rule.hits >= rule.times:
            return False
        if rule.skip > 0:
            rule.skip -= 1
            return False
        if rule.chance < 1.0 and self._chance.random() >= rule.chance:
            return False
        rule.hits += 1
        return True


def with_fields(answer: Any, rule: Fault) -> Any:
    """Return an answer whose fields are as the rule says; dotted names go deeper."""
    if isinstance(answer, list) and answer and isinstance(answer[0], list):
        return [_with_columns(row, rule) for row in answer[:-1]] + [_with_columns(answer[-1], rule)]
    if isinstance(answer, list):
        return [with_fields(item, rule) for item in answer]
    if not isinstance(answer, dict):
        return answer
    named = answer.get("symbol") or answer.get("s")
    if rule.symbol is not None and named is not None and named != rule.symbol:
        return answer
    changed = dict(answer)
    for name, value in rule.fields.items():
        head, _, rest = name.partition(".")
        if rest:
            inner = Fault(rule.route, "fields", fields={rest: value})
            changed[head] = with_fields(changed.get(head, {}), inner)
        elif value == ABSENT:
            changed.pop(head, None)
        else:
            changed[head] = value
    return changed


def _with_columns(row: list[Any], rule: Fault) -> list[Any]:
    changed = list(row)
    for name, value in rule.fields.items():
        changed[int(name)] = value
    return changed


def spoiled(candles: list[Any], mode: str) -> list[Any]:
    """Return candles doubled, out of order, with a hole, or with the newest missing."""
    middle = len(candles) // 2
    if mode == "double":
        return [*candles[: middle + 1], *candles[middle:]]
    if mode == "shuffle":
        return [*candles[:middle][::-1], *candles[middle:]]
    if mode == "gap":
        return [*candles[:middle], *candles[middle + max(1, len(candles) // 10) :]]
    if mode == "short":
        return candles[:-1]
    raise ValueError(f"no such mode: {mode}")


def headers_of(rules: Iterable[Fault]) -> dict[str, str]:
    """Return the Retry-After that the rules ask for."""
    for rule in rules:
        if rule.retry_after_s is not None:
            return {"Retry-After": str(rule.retry_after_s)}
    return {}


GARBAGE = {
    "html": "<html><head><title>502 Bad Gateway</title></head><body>nginx</body></html>",
    "empty": "",
    "malformed": '{"symbol": "BTCUSDT", "orderId": 12,,, ',
}
MAINTENANCE = '{"code":1,"msg":"System is under maintenance."}'
