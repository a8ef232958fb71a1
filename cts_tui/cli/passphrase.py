"""Asking for a passphrase: on the terminal, unseen, or not at all. Imports no Typer."""

import os
import sqlite3
import sys
from contextlib import closing
from typing import TYPE_CHECKING, Final
from urllib.parse import quote

from cts_tui.errors import LockedError
from cts_tui.paths import DataFolder

if TYPE_CHECKING:
    from cts_tui.desk.desk import Desk

_RUNNING: Final = (
    "SELECT 1 FROM engine_programs "
    "WHERE heartbeat_at > strftime('%Y-%m-%dT%H:%M:%fZ', 'now', '-6 seconds')"
)
_LOCKED: Final = (
    "SELECT 1 FROM settings WHERE key = 'master_key' AND value LIKE '%\"passphrase\"%' "
    "AND EXISTS (SELECT 1 FROM credentials)",
    "SELECT 1 FROM settings WHERE key = 'master_key' AND value LIKE '%\"passphrase\"%' "
    "AND EXISTS (SELECT 1 FROM alert_targets)",
)
"""The newer table last: a store that is to be migrated may not have it."""


def ask_on_terminal(prompt: str) -> str:
    """Ask for a passphrase. Raises LockedError where there is no terminal to ask on."""
    if not _has_terminal():
        raise LockedError(
            "a passphrase is asked for on a terminal, and there is none here: start on one, or "
            "keep the key elsewhere: cts-tui secrets use env|file|keyring"
        )
    from getpass import getpass

    return getpass(prompt)


def _has_terminal() -> bool:
    """Return whether somebody sees a prompt and can answer, stdin being a pipe or not."""
    if sys.stderr is None or not sys.stderr.isatty():
        return False
    try:
        os.close(os.open("/dev/tty", os.O_RDWR | os.O_NOCTTY))
    except OSError:
        return False
    return True


def ask_new_on_terminal() -> str:
    """Ask for a new passphrase twice. Raises LockedError where the two differ."""
    first = ask_on_terminal("New passphrase (8 characters or more): ")
    if ask_on_terminal("The same again: ") != first:
        raise LockedError("the two passphrases differ: nothing was changed, try again")
    return first


def has_locked_credentials(folder: DataFolder) -> bool:
    """Return whether a passphrase has to be asked for before an engine starts here.

    A quick look without the store, before the first frame; not while an engine runs already.
    """
    if os.environ.get("CTS_DATABASE_URL") or not folder.database.is_file():
        return False
    try:
        name = f"file:{quote(str(folder.database))}?mode=ro"
        with closing(sqlite3.connect(name, uri=True)) as connection:
            is_running = connection.execute(_RUNNING).fetchone()
            return not is_running and any(connection.execute(q).fetchone() for q in _LOCKED)
    except (
        sqlite3.Error,
        UnicodeDecodeError,
    ):  # an older or unusable store: opening it says what is wrong with it
        return False


def unlock_on_terminal(desk: "Desk") -> str:
    """Ask for the passphrase of the stored credentials once; return it, empty where there is none.

    An empty answer goes on without them. Raises LockedError without a terminal, and after the
    third wrong answer.
    """
    if not desk.secrets.needs_passphrase:
        return ""
    for tries_left in (2, 1, 0):
        passphrase = ask_on_terminal("Passphrase of the stored credentials (enter: without them): ")
        try:
            if passphrase:
                desk.secrets.unlock(passphrase)
        except LockedError as error:
            if not tries_left:
                raise
            sys.stderr.write(f"cts-tui: {error}\n")
        else:
            return passphrase
    raise AssertionError("the last try returns or raises")
