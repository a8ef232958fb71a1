"""Worlds to trade in."""

import gc
from collections.abc import Callable, Iterator
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


@pytest.fixture
def own_garbage() -> Iterator[None]:
    """Give back the garbage collector as it was: an engine program sets its own thresholds."""
    thresholds = gc.get_threshold()
    yield
    gc.unfreeze()
    gc.set_threshold(*thresholds)
