"""What the rules take for too much: settings of an engine program, told with its figures.

So a face judges as its engine does. A figure that hangs about its bound is one fault, not many:
once an alert of it stands, it is over only when the figure is a fifth away from the bound.
"""

from typing import Final

from cts_tui.settings import Settings

EASED: Final = 0.8
"""The part of a bound below which a figure must fall before its standing alert ends."""


def bounds_of(settings: Settings) -> dict[str, float]:
    """Return the bounds that a program's settings give, JSON-ready."""
    return {
        "unprotected_ms": settings.unprotected_alarm_s * 1000,
        "disk_low_mb": settings.disk_low_mb,
        "disk_low_pct": settings.disk_low_pct,
        "error_rate_pct": settings.error_rate_pct,
        "clock_off_ms": settings.clock_off_ms,
        "backup_every_h": settings.backup_every_h,
    }


SHIPPED: Final = bounds_of(Settings.model_construct())
"""Where no program tells its own."""
