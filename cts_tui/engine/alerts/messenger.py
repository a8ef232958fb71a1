"""The process that hands notices over: reads them on stdin, says on stdout what came of each.

apprise is imported here and nowhere else. It is slow to load and large (0.7 s, 36 MB), and a
service that hangs would hang a thread for good; a process costs the engine nothing, and can be
ended. Addresses come through the pipe: others could read a command line (S10).
Runs as a script by itself, so it imports nothing of ours.
"""

import json
import logging
import os
import resource
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import contextmanager
from typing import Any, Final

_MOST_AT_ONCE: Final = 8
_NICE: Final = 10
_UNKNOWN: Final = (
    "this is no address of a service that is known; expected like ntfys://ntfy.sh/TOPIC, "
    "tgram://TOKEN/CHAT or mailtos://USER:PASSWORD@HOST; see https://appriseit.com/services"
)


def main() -> int:
    """Deliver what stdin asks for; print a line of JSON per target as soon as it is known."""
    os.nice(_NICE)
    resource.setrlimit(resource.RLIMIT_CORE, (0, resource.getrlimit(resource.RLIMIT_CORE)[1]))
    parcels: list[dict[str, str]] = json.load(sys.stdin)
    reasons = _Reasons()
    logger = logging.getLogger("apprise")
    logger.addHandler(reasons)
    logger.propagate = False
    with ThreadPoolExecutor(_MOST_AT_ONCE) as pool:
        futures = {pool.submit(_deliver, parcel, reasons): parcel for parcel in parcels}
        for future in as_completed(futures):
            line = {"target": futures[future]["target"], "error": future.result()}
            sys.stdout.write(json.dumps(line) + "\n")
            sys.stdout.flush()
    return 0


class _Reasons(logging.Handler):
    """Keeps the last warning of each thread: that is where apprise says why it failed."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self._last = threading.local()

    def emit(self, record: logging.LogRecord) -> None:
        self._last.text = record.getMessage()

    @contextmanager
    def heard(self) -> Iterator["_Reasons"]:
        """Listen anew in this thread."""
        self._last.text = ""
        yield self

    @property
    def last(self) -> str:
        """The last warning in this thread."""
        return str(getattr(self._last, "text", ""))


def _deliver(parcel: dict[str, str], reasons: _Reasons) -> str:
    """Deliver one parcel; return why it failed, empty where it did not.

    Without a body the address is only checked.
    """
    with reasons.heard():
        try:
            return _notify(parcel, reasons)
        except Exception as error:  # noqa: BLE001 - a plug-in's edge: it is told as the reason
            return f"{type(error).__name__}: {error}"


def _notify(parcel: dict[str, str], reasons: _Reasons) -> str:
    import apprise

    kinds: dict[str, Any] = {
        "critical": apprise.NotifyType.FAILURE,
        "warning": apprise.NotifyType.WARNING,
    }
    service = apprise.Apprise.instantiate(parcel["url"], suppress_exceptions=True)
    if service is None:
        return _UNKNOWN
    if not parcel["body"]:
        return ""
    kind = kinds.get(parcel["severity"], apprise.NotifyType.INFO)
    if service.notify(body=parcel["body"], title=parcel["title"], notify_type=kind):
        return ""
    return reasons.last or "the service did not take it and gave no reason"


if __name__ == "__main__":
    sys.exit(main())
