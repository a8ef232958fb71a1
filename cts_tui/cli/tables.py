"""What people read: aligned tables, facts one a line, short numbers and times."""

from collections.abc import Sequence
from decimal import Context, Decimal
from typing import Any, Final

import typer

from cts_tui.model.money import money_text

_DIGITS: Final = 8
"""Significant digits of a price or quantity on screen; JSON has them all."""
_LISTED: Final = 3
"""Items of a list that are shown before `+n` stands for the others."""


def say(line: str = "") -> None:
    """Print a line for people on stdout."""
    typer.echo(line)


def warn(line: str) -> None:
    """Print a line for people on stderr."""
    typer.echo(line, err=True)


def print_table(rows: Sequence[dict[str, Any]], columns: dict[str, str], empty: str) -> None:
    """Print `rows` aligned; `columns` is key → heading; `empty` is said when there are none."""
    if not rows:
        say(empty)
        return
    cells = [[cell(row[key]) for key in columns] for row in rows]
    headings = list(columns.values())
    widths = [max(map(len, column)) for column in zip(headings, *cells, strict=True)]
    is_number = [_is_numeric([row[key] for row in rows]) for key in columns]
    for line in (headings, *cells):
        parts = [
            text.rjust(width) if right else text.ljust(width)
            for text, width, right in zip(line, widths, is_number, strict=True)
        ]
        say("  ".join(parts).rstrip())


def print_facts(facts: dict[str, Any]) -> None:
    """Print one fact a line: its name, and its value whole."""
    width = max(map(len, facts)) + 2
    for name, value in facts.items():
        text = ", ".join(map(str, value)) if isinstance(value, list | tuple) else cell(value)
        say(f"{name.replace('_', ' '):{width}}{text}")


def headings(*keys: str) -> dict[str, str]:
    """Return the keys as columns, each under its own name."""
    return {key: key.upper().replace("_", " ") for key in keys}


def _is_numeric(column: list[Any]) -> bool:
    numbers = [value for value in column if value is not None]
    return bool(numbers) and all(
        isinstance(value, Signed | int | float | Decimal) and not isinstance(value, bool)
        for value in numbers
    )


class Signed(str):
    """A gain or loss as people read it: it keeps its sign, and stands to the right."""

    __slots__ = ()

    @classmethod
    def money(cls, amount: Decimal) -> "Signed":
        """Return `+1.50`; what is less than a cent keeps two digits: `-0.00012`."""
        if not amount or abs(amount) >= Decimal("0.005"):
            return cls(f"{amount:+.2f}")
        return cls(f"{'+' * (amount > 0)}{money_text(Context(prec=2).plus(amount))}")

    @classmethod
    def pct(cls, value: float) -> "Signed":
        """Return `+1.50`."""
        return cls(f"{value:+.2f}")


def cell(value: Any) -> str:
    """Return a value in few characters."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, Decimal):
        return _short(value)
    if isinstance(value, float):
        return f"{value:.2f}"
    if isinstance(value, list | tuple):
        more = f" +{len(value) - _LISTED}" if len(value) > _LISTED else ""
        return ",".join(map(str, value[:_LISTED])) + more
    if isinstance(value, dict):
        return ", ".join(f"{name} {cell(inner)}" for name, inner in value.items())
    return "-" if value in (None, "") else str(value)


def _short(amount: Decimal) -> str:
    """Return eight significant digits, more where a whole number needs them."""
    digits = max(_DIGITS, amount.adjusted() + 1)
    return money_text(Context(prec=digits).plus(amount))


def short_time(iso: str | None) -> str | None:
    """Return an ISO-8601 time to the second, UTC: `2025-04-03 17:05:00`."""
    return None if iso is None else iso[:19].replace("T", " ")
