"""The newest schema of the store, by itself: reading it loads nothing."""

from typing import Final

HEAD: Final = "0004"
"""Named here so that a start need not import Alembic; a test compares."""
