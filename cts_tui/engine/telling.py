"""A failure that comes again every second is one line in the log, not a thousand."""

import logging
from typing import Final

LOG = logging.getLogger(__name__)


class Teller:
    """Logs what is wrong with one thing when it changes, and that it is well again."""

    def __init__(self, what: str) -> None:
        self._what: Final = what
        self._told = ""

    def warn(self, error: BaseException | str) -> None:
        """Log a failure, unless it is the one that was told last."""
        if str(error) != self._told:
            self._told = str(error)
            LOG.warning("%s: %s", self._what, error)

    def is_well(self) -> None:
        """Log the end of a failure, if there was one."""
        if self._told:
            self._told = ""
            LOG.warning("%s: it is well again", self._what)
