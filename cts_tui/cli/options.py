"""What every command shares: the data folder, opening the desk, refusing in one line, JSON."""

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Annotated, Any, NoReturn

import typer

from cts_tui.clock import iso_from_ms
from cts_tui.errors import CtsError
from cts_tui.model.money import money_text
from cts_tui.paths import DataFolder, data_folder

if TYPE_CHECKING:
    from cts_tui.desk.desk import Desk

JsonOption = Annotated[bool, typer.Option("--json", help="Print one JSON document on stdout.")]
LimitOption = Annotated[int, typer.Option("--limit", min=1, help="At most this many rows.")]


def current_folder() -> DataFolder:
    """Return the data folder of this call; `--data-dir` has been put into the environment."""
    return data_folder()


@contextmanager
def open_desk() -> "Iterator[Desk]":
    """Open the desk for one command."""
    from cts_tui.desk.desk import Desk
    from cts_tui.model.trading import Actor

    desk = Desk.open(current_folder(), Actor.CLI)
    try:
        yield desk
    finally:
        desk.close()


def say(line: str = "") -> None:
    """Print a line for people on stdout."""
    typer.echo(line)


def warn(line: str) -> None:
    """Print a line for people on stderr."""
    typer.echo(line, err=True)


def refuse(error: CtsError | str) -> NoReturn:
    """End the command with one line on stderr and exit code 1."""
    warn(f"cts-tui: {' '.join(str(error).split())}")
    raise SystemExit(1)


def print_json(value: Any) -> None:
    """Print one JSON document: money as strings, never NaN."""
    json.dump(value, sys.stdout, default=_plain, allow_nan=False, ensure_ascii=False, indent=2)
    sys.stdout.write("\n")


def _plain(value: Any) -> Any:
    if isinstance(value, Decimal):
        return money_text(value)
    if isinstance(value, datetime):
        return iso_from_ms(round(value.timestamp() * 1000))
    raise TypeError(f"{type(value).__name__} has no JSON form")


def iso_or_none(time_ms: int | None) -> str | None:
    """Return milliseconds as ISO-8601 UTC with `Z`; None stays None."""
    return None if time_ms is None else iso_from_ms(time_ms)


def print_table(rows: list[dict[str, Any]], columns: dict[str, str], empty: str) -> None:
    """Print `rows` aligned; `columns` is key → heading; `empty` is said when there are none."""
    if not rows:
        say(empty)
        return
    cells = [[_cell(row[key]) for key in columns] for row in rows]
    headings = list(columns.values())
    widths = [max(map(len, column)) for column in zip(headings, *cells, strict=True)]
    is_number = [all(_is_number(row[key]) for row in rows) for key in columns]
    for line in (headings, *cells):
        parts = [
            text.rjust(width) if right else text.ljust(width)
            for text, width, right in zip(line, widths, is_number, strict=True)
        ]
        say("  ".join(parts).rstrip())


def _is_number(value: Any) -> bool:
    return value is None or (isinstance(value, int | float | Decimal) and value is not True)


def _cell(value: Any) -> str:
    if value is None:
        return "-"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, Decimal):
        return money_text(value)
    if isinstance(value, float):
        return f"{value:.2f}"
    if isinstance(value, list | tuple):
        return ",".join(map(str, value))
    return str(value)
