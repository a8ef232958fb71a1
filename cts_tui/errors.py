"""Every error the desk raises on purpose; each class says what its catcher must do.

::

    CtsError
    ├── ConfigError      what the user gave is wrong
    │   ├── RuleError    … in a rule, at a position
    │   └── LockedError  … the key to stored credentials is out of reach
    ├── StoreError       the database cannot be used as it is
    │   └── DamagedError … its file is damaged
    ├── RetryableError   try again after `wait_s`
    │   ├── RateLimitedError    … the venue's budget is spent
    │   └── MaintenanceError    … the venue is closed for maintenance
    ├── VenueError       the venue refused
    │   └── AuthenticationError … the key, its secret or its rights
    ├── UnknownOutcome   it may have happened
    └── HaltError        an invariant is broken
"""


class CtsError(Exception):
    """Base of all errors of the desk. A face prints its text as one line and exits with 1."""


class ConfigError(CtsError):
    """The user's input or configuration is wrong: show the message, change nothing."""


class RuleError(ConfigError):
    """A rule does not parse or check: show the message at `position` (0-based column)."""

    def __init__(self, message: str, position: int) -> None:
        super().__init__(message)
        self.position = position


class LockedError(ConfigError):
    """The key to stored credentials is missing or wrong: do without them, say how to get it."""


class StoreError(CtsError):
    """The database cannot be opened, read or written: show the message, stop what needs it."""


class DamagedError(StoreError):
    """SQLite calls the file malformed: as a StoreError; a repair can salvage what can be read."""


class RetryableError(CtsError):
    """The network or a rate limit is in the way: try again after `wait_s` seconds."""

    def __init__(self, message: str, wait_s: float) -> None:
        super().__init__(message)
        self.wait_s = wait_s


class RateLimitedError(RetryableError):
    """The venue (418, 429) or our own limiter says stop: nothing goes out before `wait_s`."""


class MaintenanceError(RetryableError):
    """The venue is closed for maintenance: look again after `wait_s` seconds."""


class VenueError(CtsError):
    """The venue refused the request for a reason: record it, do not repeat the request as it is."""

    def __init__(self, message: str, code: str = "") -> None:
        super().__init__(message)
        self.code = code


class AuthenticationError(VenueError):
    """The venue refuses the key, its secret or its rights: stop until the trader has acted."""


class UnknownOutcome(CtsError):  # noqa: N818 - the field's word; it is neither success nor failure
    """A submission may or may not have reached the venue: find evidence, never send it again."""


class HaltError(CtsError):
    """Data is corrupt or an invariant is broken: pause trading and tell the user."""
