"""What every command shares: its options, the data folder, opening the desk, JSON."""

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cts_tui.clock import iso_from_ms
from cts_tui.model.money import money_text
from cts_tui.paths import DataFolder, data_folder

if TYPE_CHECKING:
    from cts_tui.desk.desk import Desk

JsonOption = Annotated[bool, typer.Option("--json", help="Print one JSON document on stdout.")]
LimitOption = Annotated[
    int, typer.Option("--limit", min=1, metavar="N", help="At most this many rows.")
]
AnyLimitOption = Annotated[
    int | None, typer.Option("--limit", min=1, metavar="N", help="At most this many rows.")
]


def current_folder() -> DataFolder:
    """Return the data folder of this call; `--data-dir` has been put into the environment."""
    return data_folder()


@contextmanager
def open_desk() -> "Iterator[Desk]":
    """Open the desk for one command."""
    from cts_tui.cli.passphrase import ask_on_terminal
    from cts_tui.desk.desk import Desk
    from cts_tui.model.trading import Actor

    desk = Desk.open(current_folder(), Actor.CLI)
    desk.vault.ask = ask_on_terminal
    try:
        yield desk
    finally:
        desk.close()


@contextmanager
def look_at_desk() -> "Iterator[Desk]":
    """Open the desk for a command that says what is wrong: nothing is mended before it has."""
    from cts_tui.desk.desk import Desk
    from cts_tui.model.trading import Actor

    desk = Desk.look(current_folder(), Actor.CLI)
    try:
        yield desk
    finally:
        desk.close()


def print_json(value: Any) -> None:
    """Print one JSON document: money as strings, never NaN."""
    json.dump(value, sys.stdout, default=_plain, allow_nan=False, indent=2)
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
