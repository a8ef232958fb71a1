"""Unfinished files: a private folder beside their place, gone at the end; and room on the disk."""

import fcntl
import os
import secrets
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

from cts_tui.errors import StoreError

_PREFIX: Final = ".unfinished-"
RESERVE_BYTES: Final = 16_000_000
"""What is left free for the engine, which must be able to record its orders meanwhile."""
_MB: Final = 1_000_000


class Stopped(StoreError):  # noqa: N818 - it is no fault
    """The work was given up because the program ends: nothing of it is left, do it again later."""


@contextmanager
def scratch_folder(beside: Path) -> Iterator[Path]:
    """Yield a private folder in the folder `beside`, which is made where it is missing.

    What was killed left such a folder behind: the next one removes it. Raises OSError.
    """
    beside.mkdir(mode=0o700, parents=True, exist_ok=True)
    _remove_abandoned(beside)
    folder, descriptor = _locked_folder(beside)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        os.close(descriptor)


def _locked_folder(beside: Path) -> tuple[Path, int]:
    """Make a folder and hold it, so that nobody takes it for abandoned."""
    while True:
        folder = beside / f"{_PREFIX}{secrets.token_hex(4)}"
        folder.mkdir(mode=0o700)
        descriptor = os.open(folder, os.O_RDONLY)
        with suppress(OSError):  # a file system without locks: then nothing is ever abandoned
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        if folder.exists():  # else somebody tidied up in between
            return folder, descriptor
        os.close(descriptor)


def _remove_abandoned(beside: Path) -> None:
    """Remove the folders of those who were killed: nobody holds them any more."""
    for folder in beside.glob(f"{_PREFIX}*"):
        with suppress(OSError):
            descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                shutil.rmtree(folder, ignore_errors=True)
            finally:
                os.close(descriptor)


class NoRoom(StoreError):  # noqa: N818 - the disk's, not the work's fault
    """The disk is too full for the work: nothing of it is left, free some space and do it again."""


class Watch:
    """Called between two steps of long work: ends it when the disk fills up or the program ends."""

    def __init__(self, folder: Path, should_stop: Callable[[], bool] | None = None) -> None:
        self._folder = folder
        self._should_stop = should_stop

    def require(self, needed_bytes: int) -> None:
        """Refuse to begin what needs more room than there is. Raises NoRoom."""
        free = free_bytes(self._folder)
        if free < needed_bytes + RESERVE_BYTES:
            raise NoRoom(
                f"the disk has too little room for it: {free / _MB:,.0f} MB are free in "
                f"{self._folder}, up to {(needed_bytes + RESERVE_BYTES) / _MB:,.0f} MB are needed; "
                "free some space, nothing was changed"
            )

    def check(self) -> None:
        """Raise NoRoom when too little is left on the disk, Stopped when it is time to go."""
        if self._should_stop is not None and self._should_stop():
            raise Stopped("the program ends; nothing was changed")
        if free_bytes(self._folder) < RESERVE_BYTES:
            raise NoRoom(
                f"the disk fills up: less than {RESERVE_BYTES / _MB:,.0f} MB are left in "
                f"{self._folder}; free some space, nothing was changed"
            )


@contextmanager
def held(folder: Path) -> Iterator[bool]:
    """Hold a folder for work that one process does for all; yield whether it is ours to do.

    The folder is made where it is missing. Raises OSError where that cannot be.
    """
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        is_ours = True
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            is_ours = False
        except OSError:  # a file system without locks: then each does it, which is only work
            is_ours = True
        yield is_ours
    finally:
        os.close(descriptor)


def free_bytes(folder: Path) -> int:
    """Return what this user may still write on the disk of a folder."""
    found = os.statvfs(folder)
    return found.f_bavail * found.f_frsize


def new_file(file: Path) -> int:
    """Create a private file that must not be there yet; return its descriptor, for writing."""
    return os.open(file, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600)


def sync_file(file: Path) -> None:
    """Have a file on the disk before anything else happens."""
    descriptor = os.open(file, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def sync_folder(folder: Path) -> None:
    """Have the names in a folder on the disk: a rename in it lasts."""
    sync_file(folder)
