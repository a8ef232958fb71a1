"""A failure that comes again every second is one line in the log, not a thousand."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from cts_tui.errors import StoreError

LOG = logging.getLogger(__name__)


class Teller:
    """Logs what is wrong with one thing when it changes, and that it is well again."""

    def __init__(self, what: str) -> None:
        self._what: Final = what
        self._told = ""

    @contextmanager
    def of_store(self) -> Iterator[None]:
        """Tell of a store that refuses, for the length of a block that may be tried again."""
        try:
            yield
        except StoreError as error:
            self.warn(error)
        else:
            self.is_well()

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
