"""Alerts: faults that stood long enough to tell the trader, and the targets that are told."""

import re
from dataclasses import dataclass
from typing import Final
from urllib.parse import unquote

from cts_tui.model.health import Gravity

VERDICT_RULE: Final = "health"
"""The alert that the whole desk is not healthy; it stands beside those that say why."""

_SHORTEST: Final = 4
_SURELY_A_TOKEN: Final = 16
_HOST: Final = re.compile(r"(localhost|[\w-]+(\.[\w-]+)+|\[[0-9a-fA-F:]+\])(:\d{1,5})?")
"""It tells where a target is, not who may use it."""

AlertKey = tuple[str, str]
"""Rule and subject: of each there is at most one standing alert."""


@dataclass(frozen=True, slots=True)
class Alert:
    """A fault that was raised; it stands until its cause has been gone for a while."""

    rule: str
    subject: str
    severity: Gravity
    message: str
    raised_ms: int
    seen_ms: int
    """When its cause was last seen."""
    cleared_ms: int | None = None
    notified_ms: int | None = None
    """When a target last took a notice of it; None where none has."""
    acked_ms: int | None = None
    """When the trader said that it is known: it is not repeated, nor counted."""
    id: int | None = None
    """None until it is stored."""

    @property
    def key(self) -> AlertKey:
        """Rule and subject."""
        return self.rule, self.subject

    @property
    def is_standing(self) -> bool:
        """Whether it has not been cleared."""
        return self.cleared_ms is None


@dataclass(frozen=True, slots=True)
class AlertCounts:
    """Alerts that stand and that the trader has not acknowledged; the verdict is not one more."""

    critical: int = 0
    warnings: int = 0


@dataclass(frozen=True, slots=True, repr=False)
class AlertTarget:
    """Where notices go: an address in apprise's form, which holds tokens (S10)."""

    name: str
    url: str

    def __repr__(self) -> str:
        return f"AlertTarget({self.name}, {shown_address(self.url)})"

    @property
    def parts(self) -> tuple[str, ...]:
        """Everything in the address that could be a token, the longest first."""
        rest = self.url.partition("://")[2]
        place, *path = re.split(r"[/?#]", rest)
        user, _, host = place.rpartition("@")
        values = [piece.partition("=")[2] or piece for piece in "&".join(path).split("&")]
        parts = {self.url, rest, user, *user.split(":"), *values}
        if not _HOST.fullmatch(host):
            parts |= {place, host, *host.split(":")}
        parts |= set(map(unquote, parts))
        return tuple(sorted((p for p in parts if len(p) >= _SHORTEST), key=len, reverse=True))

    @property
    def secrets(self) -> tuple[str, ...]:
        """What must be masked wherever it appears; ordinary words are left out."""
        return tuple(
            part
            for part in self.parts
            if len(part) >= _SURELY_A_TOKEN or any(letter.isdigit() for letter in part)
        )


@dataclass(frozen=True, slots=True)
class TargetView:
    """A target as a face may show it."""

    name: str
    scheme: str
    """The service: `ntfys`, `tgram`, `mailtos`."""
    created_ms: int
    sent_ms: int | None = None
    """When it last took a notice."""
    failed_ms: int | None = None
    """When it last failed."""
    failures: int = 0
    """Failures since it last took a notice."""
    last_error: str | None = None

    @property
    def address(self) -> str:
        """The address as it is shown: `ntfys://…`."""
        return f"{self.scheme}://…"


@dataclass(frozen=True, slots=True)
class Delivery:
    """What became of a notice at one target."""

    target: str
    error: str = ""
    """Why it failed; empty where the target took it."""

    @property
    def is_taken(self) -> bool:
        """Whether the target took the notice."""
        return not self.error


def scheme_of(url: str) -> str:
    """Return what stands before `://`, in lower case; empty where there is none."""
    scheme, found, _ = url.partition("://")
    return scheme.strip().lower() if found else ""


def shown_address(url: str) -> str:
    """Return an address as it may be shown: `ntfys://…`."""
    return f"{scheme_of(url)}://…"
