"""Brakes: why nothing may be opened now, whatever the connection; exits and stops go on.

The keepers of a program put them on and take them off, risk looks at them before every entry.
"""


class Brakes:
    """One per engine program. One event loop, no locks."""

    def __init__(self) -> None:
        self._reasons: dict[str, str] = {}

    def put(self, name: str, reason: str) -> None:
        """Hold entries back for `reason`, found by `name`; an empty reason lets them go on."""
        if reason:
            self._reasons[name] = reason
        else:
            self._reasons.pop(name, None)

    @property
    def reason(self) -> str:
        """Why entries are held back, as it was first found; empty where they are not."""
        return next(iter(self._reasons.values()), "")

    def as_row(self) -> dict[str, str]:
        """Return every reason by the name of what found it, as it is stored."""
        return dict(self._reasons)
