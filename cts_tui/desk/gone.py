"""Before a store is opened: a repair that was killed is finished, a lost store not begun afresh."""

from pathlib import Path

from cts_tui.errors import StoreError
from cts_tui.paths import DataFolder
from cts_tui.store.backup_folder import AS_THEY_WERE, list_backups
from cts_tui.store.salvage.exchange import is_marked, settle_exchange
from cts_tui.store.salvage.looking import has_log, has_lost_log


def is_interrupted(file: Path | None) -> bool:
    """Return whether a repair was killed while it put one file in the place of another."""
    return file is not None and is_marked(file.resolve())


def take_up(file: Path | None, folder: DataFolder) -> list[str]:
    """Put right what stands between a store and its opening; return a line for what was done.

    Raises StoreError where the database is gone that backups were made of.
    """
    if file is None:
        return []
    told = settle_exchange(file.resolve(), folder.backups)
    refuse_afresh(file.resolve(), folder)
    return [*filter(None, (told, lost_log(file)))]


def lost_log(file: Path | None) -> str:
    """Return in words that the log of a database is gone, while that can be seen."""
    if file is None or not has_lost_log(file.resolve()):
        return ""
    return (
        f"the write-ahead log {file.name}-wal is gone, and with it what had not been brought into "
        "the database: on a real account an engine compares with the exchange before it trades"
    )


def refuse_afresh(file: Path, folder: DataFolder) -> None:
    """Raise StoreError where a new store would take the place of one that is lost."""
    if file != folder.database.resolve() or _holds_something(file):
        return
    found = list_backups(folder.backups)
    if not found:
        return
    likely = (one for one in found if one.is_verified and one.reason not in AS_THEY_WERE)
    newest = next(likely, found[0])
    what = "is empty" if file.exists() else "is gone"
    raise StoreError(
        f"the database {file} {what}, and backups lie in {folder.backups}: put the newest back "
        f"with: cts-tui restore {newest.file.name}; to begin afresh, move that folder away"
    )


def _holds_something(file: Path) -> bool:
    return file.exists() and (file.stat().st_size > 0 or has_log(file))
