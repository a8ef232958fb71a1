"""The report itself: every part by itself, so that one that fails only says why it is missing."""

import getpass
import os
import re
import site
import socket
import sys
from collections.abc import Callable, Iterable
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

import cts_tui
from cts_tui.clock import Clock, SystemClock, iso_from_ms
from cts_tui.desk.doctor import store_parts, surroundings
from cts_tui.desk.doctor.stand_ins import StandIns
from cts_tui.desk.log_file import LogDesk
from cts_tui.errors import CtsError
from cts_tui.model.log import LogLevel, LogLine
from cts_tui.paths import DataFolder, config_folder
from cts_tui.store.identifying import Identifying, identifying

_TAIL: Final = 100
_ERRORS: Final = 20
_SECRET_NAMES: Final = re.compile(r"KEY|SECRET|TOKEN|PASS|CREDENTIAL|DATABASE_URL", re.IGNORECASE)
_SHORTEST_SECRET: Final = 4
_NOBODY: Final = frozenset({"root", "localhost", ""})
_EVERYBODYS: Final = "exchange"
"""An exchange's own name, though many connections are called like theirs."""
_FRAME: Final = re.compile(r'^\s*File "')


def doctor_report(folder: DataFolder, clock: Clock | None = None) -> dict[str, Any]:
    """Return everything that helps with a bug, and nothing that tells whose desk it is.

    Nothing is made, mended or migrated; it works on a store that does not open, or is not there.
    """
    clock = clock or SystemClock()
    file = None if os.environ.get("CTS_DATABASE_URL") else folder.database
    found = _identifying(file)
    lines = LogDesk(folder.log)
    names = _stand_ins(folder, found, lines)
    parts: dict[str, Callable[[], Any]] = {
        "versions": surroundings.versions,
        "terminal": surroundings.terminal,
        "settings_changed": surroundings.changed_settings,
        "health": lambda: store_parts.health(file, clock, names),
        "bytes": lambda: store_parts.sizes(file),
        "errors": lambda: _log(lines, _ERRORS, LogLevel.ERROR, names),
        "log": lambda: _log(lines, _TAIL, LogLevel.DEBUG, names),
    }
    report: dict[str, Any] = {"made_at": iso_from_ms(clock.now_ms())}
    return report | {name: _part(make, names) for name, make in parts.items()}


def _part(make: Callable[[], Any], names: StandIns) -> Any:
    """Return a part; of one that cannot be made, why: the report is there for what is broken."""
    try:
        return _clean(make(), names)
    except Exception as error:  # noqa: BLE001 - each part stands by itself, and says what failed
        return {"missing": type(error).__name__, "why": names.masked(str(error))}


def _clean(value: Any, names: StandIns) -> Any:
    """Return a part without any known name: the last net, whatever the part let through."""
    if isinstance(value, dict):
        return {
            key: inner if key == _EVERYBODYS else _clean(inner, names)
            for key, inner in value.items()
        }
    if isinstance(value, list | tuple):
        return [_clean(inner, names) for inner in value]
    return names.name(value) if isinstance(value, str) else value


def _identifying(file: Path | None) -> Identifying:
    """Return what the store would tell: whose names the log may hold."""
    if file is None:
        return Identifying(missing=("the store is no SQLite file",))
    return identifying(file) if file.exists() else Identifying(missing=("there is no database",))


def _stand_ins(folder: DataFolder, found: Identifying, log: LogDesk) -> StandIns:
    known = {
        "connection": [*found.connections, *_named_in(log)],
        "strategy": found.strategies,
        "target": found.targets,
        "host": [*_own_hosts(), *found.hosts],
        "id": found.ids,
        "amount": [one for one in found.amounts if len(one) > 1],
        "value": found.values,
    }
    kinds = {kind: _distinct(values) for kind, values in known.items()}
    return StandIns(kinds, _fixed(folder), is_blind=bool(found.missing))


def _distinct(values: Iterable[str]) -> list[str]:
    return [value for value in dict.fromkeys(values) if value not in _NOBODY]


def _named_in(log: LogDesk) -> list[str]:
    """Return the connections that the log names: some may be gone from the store."""
    with suppress(CtsError):  # its own part says why the log cannot be read
        return [line.where.connection for line in log.tail(_TAIL * 10) if line.where.connection]
    return []


def _own_hosts() -> list[str]:
    name = socket.gethostname()
    return [name, name.split(".")[0]]


def _fixed(folder: DataFolder) -> dict[str, str]:
    """Return the places, people and secrets that this process knows, with their words."""
    places = {
        str(Path(cts_tui.__file__).parent): "<cts-tui>",
        str(folder.root): "<data>",
        str(config_folder()): "<config>",
        **dict.fromkeys([*site.getsitepackages(), sys.prefix, sys.base_prefix], "<python>"),
        str(Path.home()): "<home>",
        str(Path.cwd()): "<here>",
    }
    secrets = {
        value: "<secret>"
        for name, value in os.environ.items()
        if _SECRET_NAMES.search(name) and len(value) >= _SHORTEST_SECRET
    }
    usual = ("/", "/usr", "/tmp")  # noqa: S108 - nobody's places
    return secrets | {
        place: word for place, word in {**places, _user(): "<user>"}.items()
        if place not in usual and place not in _NOBODY
    }  # fmt: skip


def _user() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError):  # a process without a user of that number
        return ""


def _log(log: LogDesk, limit: int, level: LogLevel, names: StandIns) -> list[dict[str, Any]]:
    """Return the last lines of the log. Raises ConfigError where it cannot be read."""
    return [_line(line, names) for line in log.tail(limit, level=level)]


def _line(line: LogLine, names: StandIns) -> dict[str, Any]:
    where = line.where
    return {
        "time": None if line.time_ms is None else iso_from_ms(line.time_ms),
        "level": line.level.name,
        "logger": line.logger,
        "connection": names.word("connection", where.connection) if where.connection else None,
        "processor": where.processor or None,
        "message": names.prose(line.message),
        "exception": _traceback(line.exception, names) or None,
    }


def _traceback(text: str, names: StandIns) -> list[str]:
    """Return a traceback line by line; its places in the program tell nothing of anybody."""
    return [
        names.masked(line) if _FRAME.match(line) else names.prose(line)
        for line in text.splitlines()
    ]
