"""Where things are kept: the data folder, the config folder, and what ships with the package."""

import os
from dataclasses import dataclass
from pathlib import Path

from cts_tui.errors import ConfigError

_PACKAGE = Path(__file__).parent


@dataclass(frozen=True, slots=True)
class DataFolder:
    """The one folder that holds everything the desk must not lose."""

    root: Path

    @property
    def database(self) -> Path:
        """The SQLite file."""
        return self.root / "cts.db"

    @property
    def backups(self) -> Path:
        """The folder of database backups."""
        return self.root / "backups"

    @property
    def log(self) -> Path:
        """The log file."""
        return self.root / "logs" / "cts.log"

    def create(self) -> None:
        """Create the folder itself, private to its owner.

        Raises ConfigError when it cannot be created, read or written.
        """
        try:
            self.root.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as error:
            is_file = isinstance(error, FileExistsError)
            found = "found a file" if is_file else error.strerror or str(error)
            raise ConfigError(
                f"the data folder {self.root} cannot be used: expected a folder, {found}; "
                "choose another one with --data-dir or CTS_DATA_DIR"
            ) from error
        if not os.access(self.root, os.R_OK | os.W_OK | os.X_OK):
            raise ConfigError(
                f"the data folder {self.root} is not readable and writable for this user; "
                "change its owner or mode, or choose another one with --data-dir"
            )

    def furnish(self) -> None:
        """Create the folders within, once it is certain that the data folder is ours.

        Raises ConfigError when that cannot be done.
        """
        for folder in (self.backups, self.log.parent):
            try:
                folder.mkdir(mode=0o700, exist_ok=True)
            except OSError as error:
                raise ConfigError(
                    f"the folder {folder} cannot be made: {error.strerror or error}; make room "
                    "for it, or choose another data folder with --data-dir"
                ) from error


def data_folder(chosen: str | Path | None = None) -> DataFolder:
    """Return the data folder: `chosen`, else `CTS_DATA_DIR`, else the platform's own place."""
    root = chosen or os.environ.get("CTS_DATA_DIR")
    if not root:
        from platformdirs import user_data_path

        root = user_data_path("cts-tui", appauthor=False)
    return DataFolder(Path(root).expanduser().absolute())


def config_folder() -> Path:
    """Return the config folder: `CTS_CONFIG_DIR`, else the platform's own place."""
    chosen = os.environ.get("CTS_CONFIG_DIR")
    if chosen:
        return Path(chosen).expanduser().absolute()
    from platformdirs import user_config_path

    return user_config_path("cts-tui", appauthor=False)


def theme_folders() -> list[Path]:
    """Return the folders that hold colour themes, shipped ones first, the user's own last."""
    shipped = _PACKAGE / "themes"
    checkout = _PACKAGE.parent / "themes"
    return [shipped if shipped.is_dir() else checkout, config_folder() / "themes"]
