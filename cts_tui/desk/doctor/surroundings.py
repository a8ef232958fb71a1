"""What a desk runs on, and what its trader has set: the parts that need no store."""

import os
import platform
import shutil
import sqlite3
import sys
from collections.abc import Mapping
from importlib.metadata import PackageNotFoundError, version
from typing import Any, Final

from cts_tui import __version__
from cts_tui.settings import Settings, load_settings
from cts_tui.store.version import HEAD

_LIBRARIES: Final = (
    "textual", "rich", "typer", "sqlmodel", "sqlalchemy", "alembic", "pydantic",
    "pydantic-settings", "ccxt", "ta-lib", "numpy", "cryptography", "keyring", "psutil",
    "apprise", "orjson", "aiohttp",
)  # fmt: skip
_TERMINAL: Final = ("TERM", "COLORTERM", "TERM_PROGRAM", "LANG", "LC_ALL", "SSH_TTY", "TMUX")
_ONLY_SET: Final = frozenset({"SSH_TTY", "TMUX"})
"""Variables of which it matters only that they are there."""
_AMOUNTS: Final = frozenset({"paper_balance"})


def versions() -> dict[str, Any]:
    """Return the versions of the program and of everything that it stands on."""
    return {
        "cts_tui": __version__,
        "schema_expected": HEAD,
        "python": platform.python_version(),
        "implementation": platform.python_implementation(),
        "os": f"{platform.system()} {platform.release()}",
        "machine": platform.machine(),
        "libc": " ".join(platform.libc_ver()),
        "cpus": os.cpu_count(),
        "sqlite": sqlite3.sqlite_version,
        "is_frozen": bool(getattr(sys, "frozen", False)),
        "libraries": {name: _version(name) for name in _LIBRARIES},
    }


def _version(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None


def terminal() -> dict[str, Any]:
    """Return what the terminal says of itself."""
    size = shutil.get_terminal_size()
    found = {name: os.environ.get(name) for name in _TERMINAL}
    said = {name: "set" if name in _ONLY_SET else value for name, value in found.items() if value}
    is_terminal = sys.stdout.isatty()
    return {"columns": size.columns, "lines": size.lines, "is_terminal": is_terminal, **said}


def changed_settings() -> dict[str, Any]:
    """Return the settings that are not as shipped; amounts only as changed. Raises ConfigError."""
    settings = load_settings()
    fields: Mapping[str, Any] = Settings.model_fields
    return {
        name: "<amount>" if name in _AMOUNTS else _plain(getattr(settings, name))
        for name, field in fields.items()
        if getattr(settings, name) != field.get_default(call_default_factory=True)
    }


def _plain(value: object) -> Any:
    return value if isinstance(value, bool | int | float | str | dict) else str(value)
