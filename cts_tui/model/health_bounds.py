"""What is taken for too much unless settings say otherwise: one place for them and the rules."""

from typing import Final

UNPROTECTED_ALARM_S: Final = 5.0
DISK_LOW_MB: Final = 500
DISK_LOW_PCT: Final = 2.0
ERROR_RATE_PCT: Final = 1.0
CLOCK_OFF_MS: Final = 1_000
BACKUP_EVERY_H: Final = 24.0
