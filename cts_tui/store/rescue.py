"""A store whose file was deleted or replaced under a program that has it open: what it still has.

An open connection reaches the file though no path does. What it holds becomes a verified backup
like any other; nothing is ever written to what lies at the path now.
"""

import os
import sqlite3
from contextlib import closing
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from cts_tui.model.backup import Backup, BackupReason
from cts_tui.store.backup import make_backup
from cts_tui.store.backup_folder import keep_newest
from cts_tui.store.database import Database
from cts_tui.store.scratch import new_file, scratch_folder

_KEPT: Final = 3


def rescue(database: Database, folder: Path, now: datetime) -> Backup:
    """Make a verified backup in `folder` through a connection that is open.

    Raises StoreError or OSError where it cannot be made; the open connection goes on.
    """
    with scratch_folder(folder) as scratch:
        copy = scratch / "rescued.db"
        os.close(new_file(copy))
        with database.read() as transaction, closing(sqlite3.connect(copy)) as writing:
            raw: Any = transaction.connection.driver_connection
            raw.backup(writing)
            writing.execute("PRAGMA journal_mode=DELETE")  # one file, whole by itself
        rescued = Database.at(copy)
        try:
            backup = make_backup(rescued, folder, reason=BackupReason.RESCUED, now=now)
        finally:
            rescued.close()
    keep_newest(folder, BackupReason.RESCUED, _KEPT)
    return backup
