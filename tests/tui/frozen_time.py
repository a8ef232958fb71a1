"""The moment at which everything on the frozen desk is read."""

NOW_MS = 1_743_699_900_000  # 2025-04-03T17:05:00Z
MINUTE = 60_000
HOUR = 60 * MINUTE
DAY = 24 * HOUR
