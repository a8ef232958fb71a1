"""Which exchanges ccxt knows, without importing it (0.4 s): its file names tell."""

from difflib import get_close_matches
from functools import cache
from importlib.util import find_spec
from pathlib import Path

from cts_tui.errors import ConfigError


@cache
def exchange_ids() -> frozenset[str]:
    """Return the ids of all exchanges of the installed ccxt, the same as `ccxt.exchanges`.

    ccxt keeps one module per exchange, named by its id. Raises ConfigError when ccxt is not
    installed.
    """
    spec = find_spec("ccxt")
    if spec is None or not spec.submodule_search_locations:
        raise ConfigError("ccxt is not installed: expected it beside cts-tui; pip install ccxt")
    folder = Path(spec.submodule_search_locations[0])
    return frozenset(
        module.stem for module in folder.glob("*.py") if not module.stem.startswith("_")
    )


def is_known_exchange(exchange_id: str) -> bool:
    """Return whether ccxt has an exchange of this very id."""
    return exchange_id in exchange_ids()


def nearest(exchange_id: str) -> list[str]:
    """Return up to three ids that look like `exchange_id`, best first: `binanse` → `binance`."""
    return get_close_matches(exchange_id.strip().lower(), sorted(exchange_ids()), n=3, cutoff=0.6)
