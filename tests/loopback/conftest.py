"""The bare ccxt client is let loose here, with what it does to the decimals of its thread."""

from collections.abc import Iterator

import pytest


@pytest.fixture(autouse=True)
def own_decimals() -> Iterator[None]:
    """Instead of the check: ccxt itself sets rounding and traps; the next test sets them back."""
    yield
