"""What the rules take for too much: settings of an engine program, told with its figures.

So a face judges as its engine does. A figure that hangs about its bound is one fault, not many:
once an alert of it stands, it is over only when the figure is a fifth away from the bound.
"""

from typing import TYPE_CHECKING, Final

from cts_tui.model import health_bounds as shipped

if TYPE_CHECKING:
    from cts_tui.settings import Settings

EASED: Final = 0.8
"""The part of a bound below which a figure must fall before its standing alert ends."""


def bounds_of(settings: "Settings") -> dict[str, float]:
    """Return the bounds that a program's settings give, JSON-ready."""
    return {
        "unprotected_ms": settings.unprotected_alarm_s * 1000,
        "disk_low_mb": settings.disk_low_mb,
        "disk_low_pct": settings.disk_low_pct,
        "error_rate_pct": settings.error_rate_pct,
        "clock_off_ms": settings.clock_off_ms,
        "backup_every_h": settings.backup_every_h,
    }


SHIPPED: Final[dict[str, float]] = {
    "unprotected_ms": shipped.UNPROTECTED_ALARM_S * 1000,
    "disk_low_mb": shipped.DISK_LOW_MB,
    "disk_low_pct": shipped.DISK_LOW_PCT,
    "error_rate_pct": shipped.ERROR_RATE_PCT,
    "clock_off_ms": shipped.CLOCK_OFF_MS,
    "backup_every_h": shipped.BACKUP_EVERY_H,
}
"""Where no program tells its own; settings would take longer to load than a whole report."""
