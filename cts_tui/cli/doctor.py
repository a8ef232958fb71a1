"""`cts-tui doctor`: a report for a bug that says what happened and not whose desk it is."""

import json
import os
import secrets
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

import typer

from cts_tui.cli.options import JsonOption, current_folder
from cts_tui.cli.tables import say
from cts_tui.errors import ConfigError


def doctor(
    out: Annotated[
        Path | None,
        typer.Option("--out", metavar="FILE", help="Write it into a new file, for you alone."),
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Print a report for a bug, without names, amounts, paths, hosts, ids and keys."""
    from cts_tui.desk.doctor.report import doctor_report

    if out is not None:
        _refuse(out)
    report = doctor_report(current_folder())
    text = json.dumps(report, indent=2, allow_nan=False) if as_json else "\n".join(_lines(report))
    if out is None:
        say(text)
        return
    _write(out, text + "\n")
    if as_json:
        say(json.dumps({"file": str(out.absolute())}))
    else:
        say(f"written: {out}; look through it before you share it")


def _lines(value: Any, indent: int = 0) -> Iterator[str]:
    """Yield a document as names and values under each other."""
    room = "  " * indent
    if isinstance(value, dict):
        for key, inner in value.items():
            if isinstance(inner, dict | list) and inner:
                yield f"{room}{key}:"
                yield from _lines(inner, indent + 1)
            else:
                yield f"{room}{key}: {_word(inner)}"
    else:
        for inner in value:
            yield f"{room}- {_row(inner)}"


def _row(value: Any) -> str:
    """Return an entry of a list in one line; a traceback keeps its lines apart by a bar."""
    if not isinstance(value, dict):
        return str(value)
    told = ((key, inner) for key, inner in value.items() if inner not in (None, "", []))
    return "  ".join(f"{key} {_word(inner)}" for key, inner in told)


def _word(value: Any) -> str:
    if isinstance(value, list):
        return " | ".join(str(one).strip() for one in value) or "none"
    return "-" if value is None or value in ("", {}) else str(value)


def _refuse(out: Path) -> None:
    """Refuse a place that cannot take the file, before anything is looked at."""
    if out.exists() or out.is_symlink():
        raise ConfigError(f"{out} exists: choose another name, nothing is overwritten")
    if not out.absolute().parent.is_dir():
        raise ConfigError(f"there is no folder {out.absolute().parent}: make it, or choose another")


def _write(out: Path, text: str) -> None:
    """Write a whole file or none. Raises ConfigError."""
    unfinished = out.absolute().with_name(f".{out.name}.{secrets.token_hex(4)}")
    try:
        try:
            with os.fdopen(os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w",
                           encoding="utf-8") as handle:  # fmt: skip
                handle.write(text)
                handle.flush()
                os.fsync(handle.fileno())
            os.link(unfinished, out)
        finally:
            unfinished.unlink(missing_ok=True)
    except OSError as error:
        raise ConfigError(
            f"{out} cannot be written: {error.strerror or error}; nothing of it is left"
        ) from error
