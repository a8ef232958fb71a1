"""Everything that reached the venue, in order: the truth that tests compare with."""

from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from fnmatch import fnmatch
from typing import Any

_NEVER_KEPT = {"signature", "apiKey"}


@dataclass(slots=True)
class Record:
    """One request, websocket connection or websocket message from a client."""

    index: int
    time_ms: int
    method: str
    """An HTTP method, or WS for a connection, or SEND for a message on one."""
    path: str
    params: dict[str, str] = field(default_factory=dict)
    outcome: str = ""
    """`200`, an error as `400 -2010`, or what a fault did: `reset`, `reset after`, `late` …"""
    fault: str = ""
    is_signed: bool = False

    @property
    def is_refused(self) -> bool:
        """Whether the dialect refused it."""
        return " -" in self.outcome


class Journal:
    """The list of records."""

    def __init__(self) -> None:
        self.records: list[Record] = []

    def __len__(self) -> int:
        return len(self.records)

    def __iter__(self) -> Iterator[Record]:
        return iter(self.records)

    def begin(self, time_ms: int, method: str, path: str, params: dict[str, str]) -> Record:
        """Note that something arrived."""
        kept = {name: value for name, value in params.items() if name not in _NEVER_KEPT}
        record = Record(
            len(self.records), time_ms, method, path, kept, is_signed="signature" in params
        )
        self.records.append(record)
        return record

    def requests(self, route: str = "*") -> list[Record]:
        """Return the records whose `METHOD /path` matches a glob."""
        return [
            record for record in self.records if fnmatch(f"{record.method} {record.path}", route)
        ]

    def as_json(self, route: str = "*") -> list[dict[str, Any]]:
        """Return the same for the control port."""
        return [asdict(record) for record in self.requests(route)]
