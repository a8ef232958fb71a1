"""Who uses a data folder: any number of desks, or one restore and nobody else.

The folder itself is locked, so that nothing has to lie in it. SQLite's own locks do not do: a
program that opens the file just before another takes its place would go on writing into the old
one.
"""

import fcntl
import os
import time
from pathlib import Path
from typing import Final

from cts_tui.errors import StoreError

_WAIT_S: Final = 2.0
"""How long a command that runs at this moment is waited for."""
_LOOK_S: Final = 0.02


class Occupancy:
    """A hold on a folder, until it is closed or the process ends."""

    def __init__(self, descriptor: int | None) -> None:
        self._descriptor = descriptor

    @classmethod
    def share(cls, folder: Path) -> "Occupancy":
        """Use a folder beside others. Raises StoreError while its database is being replaced."""
        return cls._take(
            folder,
            fcntl.LOCK_SH,
            f"the database in {folder} is being replaced by a backup: try again in a moment",
        )

    @classmethod
    def alone(cls, folder: Path) -> "Occupancy":
        """Use a folder that nobody else uses. Raises StoreError where somebody does."""
        return cls._take(
            folder,
            fcntl.LOCK_EX,
            f"another cts-tui is open on {folder} (an engine, a screen or a command): end it "
            "first, see `cts-tui status`; nothing was changed",
        )

    @classmethod
    def _take(cls, folder: Path, operation: int, refusal: str) -> "Occupancy":
        try:
            descriptor = os.open(folder, os.O_RDONLY)
        except OSError:  # whoever opens the database there will say so
            return cls(None)
        deadline = time.monotonic() + _WAIT_S
        while True:
            try:
                fcntl.flock(descriptor, operation | fcntl.LOCK_NB)
            except BlockingIOError:
                if time.monotonic() > deadline:
                    os.close(descriptor)
                    raise StoreError(refusal) from None
                time.sleep(_LOOK_S)
            except OSError:  # a file system without such locks: SQLite's own must do
                os.close(descriptor)
                return cls(None)
            else:
                return cls(descriptor)

    def close(self) -> None:
        """Let go of the folder."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None
