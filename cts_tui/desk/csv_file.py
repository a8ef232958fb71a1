"""A CSV file that the desk leaves: whole or not at all, readable by its owner alone."""

import csv
import os
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from cts_tui.errors import ConfigError


class CsvFile:
    """A file to be written, checked before anything is computed."""

    def __init__(self, path: str | Path, refusal: str, inputs: Sequence[str] = ()) -> None:
        """Raise ConfigError where it cannot be written, or is one of the `inputs`.

        `refusal` begins the message: `the trades cannot be written to`.
        """
        self.path = Path(path).resolve()
        self._refused = refusal
        folder = self.path.parent
        if self.path.is_dir():
            raise self._refusal("it is a folder")
        if not folder.is_dir():
            raise self._refusal(f"there is no folder {folder}")
        if self.path.exists() and not self.path.is_file():
            raise self._refusal("it is not a file")
        if not os.access(folder, os.W_OK | os.X_OK):
            raise self._refusal(f"the folder {folder} is not writable for this user")
        if self.path in {Path(name).resolve() for name in inputs}:
            raise self._refusal("it is one of the candle files")

    def write(self, columns: Sequence[str], rows: Iterable[Mapping[str, Any]]) -> int:
        """Write the rows under a heading; return how many.

        The file is complete from its first moment; what was there before is replaced. Raises
        ConfigError where that fails; nothing is changed then.
        """
        try:
            return self._replace_by(columns, rows)
        except OSError as error:
            raise self._refusal(error.strerror or str(error)) from error

    def _replace_by(self, columns: Sequence[str], rows: Iterable[Mapping[str, Any]]) -> int:
        number, name = tempfile.mkstemp(dir=self.path.parent, prefix=f".{self.path.name[:80]}.")
        count = 0
        try:
            with open(number, "w", encoding="utf-8", newline="") as file:  # noqa: PTH123
                writer = csv.DictWriter(file, columns, lineterminator="\n")
                writer.writeheader()
                for row in rows:
                    writer.writerow(row)
                    count += 1
                file.flush()
                os.fsync(file.fileno())
            Path(name).replace(self.path)
        except BaseException:
            with suppress(OSError):
                Path(name).unlink()
            raise
        return count

    def _refusal(self, reason: str) -> ConfigError:
        return ConfigError(f"{self._refused} {self.path}: {reason}; name another file")
