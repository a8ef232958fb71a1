"""The log file: what the engine and the desk had to say, rotated, private to its owner."""

import logging
import time
from logging.handlers import RotatingFileHandler
from pathlib import Path
from typing import Final

from cts_tui.errors import ConfigError
from cts_tui.redaction import RedactingFormatter

_BYTES: Final = 5_000_000
_KEPT: Final = 3


def log_to(file: Path) -> None:
    """Have every logger of the desk write to `file` (UTC). A second call changes the file.

    Raises ConfigError when it cannot be written.
    """
    try:
        handler = RotatingFileHandler(file, maxBytes=_BYTES, backupCount=_KEPT, encoding="utf-8")
        file.chmod(0o600)
    except OSError as error:
        raise ConfigError(
            f"the log file {file} cannot be written: {error.strerror or error}; "
            "make it writable for this user, or choose another folder with --data-dir"
        ) from error
    formatter = RedactingFormatter("%(asctime)sZ %(levelname)s %(name)s: %(message)s")
    formatter.converter = time.gmtime
    handler.setFormatter(formatter)
    logger = logging.getLogger("cts_tui")
    for old in list(logger.handlers):
        logger.removeHandler(old)
        old.close()
    logger.addHandler(handler)
    logger.setLevel(logging.INFO)
    logger.propagate = False
