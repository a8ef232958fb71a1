"""Worlds to trade in."""

from collections.abc import Callable
from typing import Any

import pytest

from cts_tui.store.database import Database
from cts_tui.store.journal import Journal

from .world import World


@pytest.fixture
def world(database: Database, journal: Journal) -> Callable[..., World]:
    """Make a pipeline on the test's store."""

    def make(*specs: Any, **options: Any) -> World:
        return World(database, journal, *specs, **options)

    return make
