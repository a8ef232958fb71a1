"""What the desk writes is for its owner's eyes: files 0600, folders 0700, repaired where not."""

import os
import stat
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from cts_tui.paths import DataFolder

_OTHERS: Final = 0o077


def make_private(path: Path) -> list[str]:
    """Take a file or folder away from everybody but its owner; return a line where it was open.

    Left as they are: what is missing, what belongs to somebody else, and folders that are not the
    desk's alone (the home folder, the root, one with the sticky bit like a temporary folder).
    """
    try:
        found = path.stat()
        if not found.st_mode & _OTHERS or found.st_uid != os.geteuid():
            return []
        is_folder = stat.S_ISDIR(found.st_mode)
        if is_folder and _is_shared(path, found.st_mode):
            return []
        was = stat.S_IMODE(found.st_mode)
        wanted = was & ~_OTHERS
        path.chmod(wanted)
    except FileNotFoundError:
        return []
    except OSError as error:
        return [f"{path} is open to others, and cannot be made private: {error.strerror or error}"]
    return [f"{path} was open to others: mode {was:04o} is now {wanted:04o}"]


def make_data_private(folder: DataFolder, database: Path | None) -> list[str]:
    """Make a data folder, all that the desk keeps in it, and its database private.

    Returns a line for each that was not. `database` is the SQLite file, wherever it is.
    """
    return [line for path in _kept(folder, database) for line in make_private(path)]


def _kept(folder: DataFolder, database: Path | None) -> Iterable[Path]:
    yield folder.root
    if database is not None:
        for ending in ("", "-wal", "-shm", "-journal"):
            yield database.with_name(database.name + ending)
    for inner in (folder.backups, folder.log.parent):
        yield inner
        if inner.is_dir():
            yield from (path for path in sorted(inner.iterdir()) if path.is_file())


def _is_shared(folder: Path, mode: int) -> bool:
    return bool(mode & stat.S_ISVTX) or folder in (Path(folder.anchor), Path.home())
