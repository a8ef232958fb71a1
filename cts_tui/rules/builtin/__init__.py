"""The strategies that come with the desk: one TOML file each, read like a user's own."""

from importlib.resources import files

from cts_tui.model.strategy import StrategySpec
from cts_tui.rules.spec import parse_strategy


def builtin_strategies() -> list[StrategySpec]:
    """Return the shipped strategies, sorted by name."""
    texts = (entry for entry in files(__name__).iterdir() if entry.name.endswith(".toml"))
    specs = [parse_strategy(entry.read_text(encoding="utf-8"), entry.name) for entry in texts]
    return sorted(specs, key=lambda spec: spec.name)


def builtin_names() -> frozenset[str]:
    """Return the names of the shipped strategies, which are those of their files."""
    entries = (entry.name for entry in files(__name__).iterdir())
    return frozenset(name.removesuffix(".toml") for name in entries if name.endswith(".toml"))
