"""The stored strategies read with `sqlite3` alone, for a command that needs nothing else.

Loading SQLModel takes longer than a backtest. Nothing is created, mended or migrated here: where
the store is not as this program leaves it, there is no answer and the whole store must be opened.
"""

import json
import sqlite3
from collections.abc import Mapping
from contextlib import closing
from dataclasses import fields
from decimal import Decimal
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

from cts_tui.model.strategy import Size, SizeKind, StrategySpec
from cts_tui.store.version import HEAD

_OWN: Final = frozenset({"size", "symbols"})
_PLAIN: Final = tuple(field.name for field in fields(StrategySpec) if field.name not in _OWN)
_PERCENT: Final = tuple(name for name in _PLAIN if name.endswith("_pct"))


def stored_strategies(file: Path) -> list[tuple[StrategySpec, bool]] | None:
    """Return every strategy in the SQLite `file` by name, and whether it is enabled.

    None where the file is missing, of another schema, or cannot be read like this.
    """
    if not file.is_file():
        return None
    try:
        with closing(sqlite3.connect(f"file:{quote(str(file))}?mode=ro", uri=True)) as connection:
            connection.row_factory = sqlite3.Row
            found = connection.execute("SELECT version_num FROM alembic_version").fetchone()
            if found is None or found[0] != HEAD:
                return None
            rows = connection.execute("SELECT * FROM strategies ORDER BY name").fetchall()
        return [
            (spec_from_row({**row, "symbols": json.loads(row["symbols"])}), bool(row["enabled"]))
            for row in map(dict, rows)
        ]
    except (sqlite3.Error, ArithmeticError, LookupError, TypeError, ValueError):
        return None


def spec_from_row(row: Mapping[str, Any]) -> StrategySpec:
    """Return the strategy in a row, whose percentages may be text or Decimal."""
    values = {name: row[name] for name in _PLAIN}
    return StrategySpec(
        **values | {name: Decimal(row[name]) for name in _PERCENT},
        size=Size(SizeKind(row["size_kind"]), Decimal(row["size_amount"])),
        symbols=tuple(row["symbols"]),
    )
