"""The journal: what was ordered, filled and earned; lists, profit in sum, a CSV file."""

from datetime import datetime
from pathlib import Path
from typing import Final

from cts_tui.clock import utc_from_ms
from cts_tui.desk.csv_file import CsvFile
from cts_tui.desk.journal_rows import COLUMNS, ROWS
from cts_tui.desk.profits import ProfitTotals, profit_tables
from cts_tui.desk.room import Room
from cts_tui.model.journal import FillView, JournalKind, ProfitTables
from cts_tui.model.views import OrderView, PositionView
from cts_tui.store import trading_history
from cts_tui.store.trading_history import Wanted

_PAGE: Final = 500
_FOLDER: Final = "exports"


class JournalDesk:
    """Newest first; replays are left out unless their connection is asked for."""

    def __init__(self, room: Room, folder: Path | None = None) -> None:
        """`folder` is where files go that are given no name."""
        self._room = room
        self._folder = folder
        self._totals = ProfitTotals()

    def trades(
        self,
        limit: int | None = _PAGE,
        connection: str | None = None,
        *,
        since: datetime | None = None,
        contains: str = "",
    ) -> list[PositionView]:
        """Return closed positions, the last closed first."""
        wanted = Wanted(limit, connection, since, contains)
        with self._room.database.read() as transaction:
            return trading_history.trades(transaction, wanted, self._room.clock.now_ms())

    def orders(
        self,
        limit: int | None = _PAGE,
        connection: str | None = None,
        *,
        since: datetime | None = None,
        contains: str = "",
    ) -> list[OrderView]:
        """Return orders, the newest first."""
        wanted = Wanted(limit, connection, since, contains)
        with self._room.database.read() as transaction:
            return trading_history.order_views(transaction, wanted)

    def fills(
        self,
        limit: int | None = _PAGE,
        connection: str | None = None,
        *,
        since: datetime | None = None,
        contains: str = "",
    ) -> list[FillView]:
        """Return fills, the newest first."""
        wanted = Wanted(limit, connection, since, contains)
        with self._room.database.read() as transaction:
            return trading_history.fills(transaction, wanted)

    def profits(self) -> ProfitTables:
        """Return the profit of everything that ever closed; each reading adds what is new."""
        with self._room.database.read() as transaction:
            return self._totals.read(transaction)

    def profits_of(
        self, connection: str | None = None, since: datetime | None = None
    ) -> ProfitTables:
        """Return the profit of one connection, or since a time."""
        with self._room.database.read() as transaction:
            ids = trading_history.connection_ids(transaction, Wanted(connection=connection))
            return profit_tables(
                profit
                for connection_id in ids
                for profit in trading_history.profits(transaction, connection_id, since=since)
            )

    def export(
        self,
        path: str | Path | None = None,
        kind: JournalKind = JournalKind.TRADES,
        connection: str | None = None,
        since: datetime | None = None,
    ) -> tuple[Path, int]:
        """Write a CSV file, oldest first; return where, and how many rows.

        Without a path it goes into `exports` of the data folder. Raises ConfigError where it
        cannot be written.
        """
        refusal = f"the {kind} cannot be written to"
        file = CsvFile(self._usual_path(kind) if path is None else path, refusal)
        rows = getattr(self, kind.value)(None, connection, since=since)
        return file.path, file.write(COLUMNS[kind], map(ROWS[kind], reversed(rows)))

    def _usual_path(self, kind: JournalKind) -> Path:
        folder = (self._folder or Path.cwd()) / _FOLDER
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        now = utc_from_ms(self._room.clock.now_ms())
        return folder / f"{kind.value}-{now:%Y%m%d-%H%M%S}.csv"
