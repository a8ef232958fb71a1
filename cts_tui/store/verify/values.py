"""What a stored value may be, by the kind of its column: a cheap suspicion in SQL, then a verdict.

SQLite looks through millions of rows for what it can only suspect; Python judges what that finds.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal, InvalidOperation
from enum import StrEnum
from typing import Any, Final

import orjson

from cts_tui.model.market import timeframe_ms
from cts_tui.store.verify.raw import RawText, shown

_LATEST_MS: Final = 4_102_444_800_000
"""The year 2100: no time of a market is later."""
_TIME_GLOB: Final = (
    "[12][0-9][0-9][0-9]-[01][0-9]-[0-3][0-9]T[0-2][0-9]:[0-5][0-9]:[0-5][0-9].[0-9][0-9][0-9]Z"
)


class Sign(StrEnum):
    """What sign an amount may have."""

    ANY = "any"
    NOT_NEGATIVE = "not negative"
    POSITIVE = "positive"

    def allows(self, amount: Decimal | float) -> bool:
        """Return whether an amount has it."""
        if self is Sign.ANY:
            return True
        return amount > 0 if self is Sign.POSITIVE else amount >= 0


@dataclass(frozen=True, slots=True)
class Rule:
    """What one column may hold besides NULL."""

    suspect: str
    """SQL over `{c}`, true of whatever may be wrong, NULL of NULL."""
    fault: Callable[[Any], str | None]
    """What is wrong with a raw value, None where nothing is."""

    def condition(self, column: str, *, is_nullable: bool) -> str:
        """Return the suspicion against a column of the row `t`."""
        name = f't."{column}"'
        suspicion = f"({self.suspect.replace('{c}', name)})"
        return f"{name} IS NOT NULL AND {suspicion}" if is_nullable else f"ifnull({suspicion}, 1)"


def words(*, allowed: frozenset[str]) -> Rule:
    """Return the rule of a column that holds one of a few words."""
    listed = ", ".join(f"'{word}'" for word in sorted(allowed))

    def fault(value: Any) -> str | None:
        if isinstance(value, RawText) and str(value) in allowed:
            return None
        return f"is {shown(value)}, expected one of {', '.join(sorted(allowed))}"

    return Rule(f"{{c}} NOT IN ({listed})", fault)


def amount(sign: Sign = Sign.ANY) -> Rule:
    """Return the rule of a Decimal in text."""
    usual = "typeof({c}) = 'text' AND {c} GLOB '[0-9-]*' AND {c} NOT GLOB '?*[^0-9.]*'"
    zero = {Sign.ANY: "", Sign.NOT_NEGATIVE: " AND {c} NOT GLOB '-*'"}.get(
        sign, " AND CAST({c} AS REAL) > 0"
    )

    def fault(value: Any) -> str | None:
        try:
            number = Decimal(value.decode()) if isinstance(value, RawText) else None
        except (InvalidOperation, UnicodeDecodeError):
            number = None
        return _number_fault(number, value, sign)

    return Rule(f"NOT ({usual} AND {{c}} NOT GLOB '*.*.*' AND {{c}} <> '-'{zero})", fault)


def number(sign: Sign = Sign.ANY) -> Rule:
    """Return the rule of a float."""
    bound = {Sign.ANY: "", Sign.NOT_NEGATIVE: " OR {c} < 0", Sign.POSITIVE: " OR {c} <= 0"}[sign]

    def fault(value: Any) -> str | None:
        is_number = isinstance(value, int | float)
        return _number_fault(value if is_number else None, value, sign)

    return Rule(f"typeof({{c}}) NOT IN ('real', 'integer') OR abs({{c}}) >= 9e999{bound}", fault)


def _number_fault(found: Decimal | float | None, value: Any, sign: Sign) -> str | None:
    if found is None or not math.isfinite(found):
        return f"is {shown(value)}, no number"
    return None if sign.allows(found) else f"is {shown(value)}, expected {sign} numbers only"


def whole(*, is_time: bool = False) -> Rule:
    """Return the rule of an integer, or of a time in milliseconds."""
    bounds = (0, _LATEST_MS) if is_time else (-(2**63), 2**63 - 1)

    def fault(value: Any) -> str | None:
        if not isinstance(value, int):
            return f"is {shown(value)}, no whole number"
        is_fine = bounds[0] <= value <= bounds[1]
        return None if is_fine else f"is {value}, no time in milliseconds before the year 2100"

    late = f" OR {{c}} NOT BETWEEN 0 AND {_LATEST_MS}" if is_time else ""
    return Rule(f"typeof({{c}}) <> 'integer'{late}", fault)


def _no_flag(value: Any) -> str | None:
    is_flag = isinstance(value, int) and value in (0, 1)
    return None if is_flag else f"is {shown(value)}, neither 0 nor 1"


def _no_text(value: Any) -> str | None:
    if not isinstance(value, RawText):
        return f"is {shown(value)}, no text"
    try:
        value.decode()
    except UnicodeDecodeError:
        return f"is {shown(value)}, not UTF-8"
    return None


def _no_time(value: Any) -> str | None:
    try:
        found = datetime.fromisoformat(value.decode()) if isinstance(value, RawText) else None
    except ValueError:
        found = None
    if found is None or found.tzinfo is None:
        return f"is {shown(value)}, no UTC time"
    return None


def _no_timeframe(value: Any) -> str | None:
    try:
        timeframe_ms(value.decode() if isinstance(value, RawText) else "")
    except ValueError:
        return f"is {shown(value)}, no timeframe"
    return None


def _no_blob(value: Any) -> str | None:
    is_blob = isinstance(value, bytes) and not isinstance(value, RawText)
    return None if is_blob else f"is {shown(value)}, no bytes"


def json_of(shape: type) -> Rule:
    """Return the rule of JSON text: a `list` of text, a `dict`, or anything (`object`)."""

    def fault(value: Any) -> str | None:
        try:
            found = orjson.loads(bytes(value)) if isinstance(value, RawText) else None
        except orjson.JSONDecodeError:
            found = None
        else:
            if isinstance(value, RawText) and isinstance(found, shape) and _are_words(found):
                return None
        return f"is {shown(value)}, not the JSON that belongs there"

    name = "array" if shape is list else "object" if shape is dict else None
    other = f" OR json_type({{c}}) <> '{name}'" if name else ""
    if shape is list:
        other += " OR EXISTS (SELECT 1 FROM json_each({c}) WHERE type <> 'text')"
    return Rule(
        "CASE WHEN typeof({c}) <> 'text' THEN 1 WHEN NOT json_valid({c}) THEN 1 "
        f"ELSE {{c}} GLOB '*[^ -~]*'{other} END",
        fault,
    )


def _are_words(found: Any) -> bool:
    return not isinstance(found, list) or all(isinstance(one, str) for one in found)


FLAG: Final = Rule("{c} NOT IN (0, 1)", _no_flag)
TEXT: Final = Rule("typeof({c}) <> 'text' OR {c} GLOB '*[^ -~]*'", _no_text)
TIME: Final = Rule(f"{{c}} NOT GLOB '{_TIME_GLOB}' OR typeof({{c}}) <> 'text'", _no_time)
TIMEFRAME: Final = Rule("{c} NOT GLOB '[1-9]*[smhdw]' OR {c} GLOB '*[^0-9]?*'", _no_timeframe)
BLOB: Final = Rule("typeof({c}) <> 'blob'", _no_blob)
