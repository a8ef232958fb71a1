"""Migrations: which schemas are known, and the way from one to the newest."""

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Final

from cts_tui.store.database import Database

if TYPE_CHECKING:
    from alembic.config import Config

_MIGRATIONS: Final = Path(__file__).parent / "migrations"


@cache
def known_schemas() -> frozenset[str]:
    """Return every schema that this program can bring to the newest one, which is among them."""
    from alembic.script import ScriptDirectory

    scripts = ScriptDirectory.from_config(_config())
    return frozenset(script.revision for script in scripts.walk_revisions())


def migrate(database: Database, schema: str = "head") -> None:
    """Bring a store of an older schema, or an empty one, to a newer one, in one transaction."""
    from alembic import command

    config = _config()
    with database.rebuild() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, schema)


def _config() -> "Config":
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(_MIGRATIONS).replace("%", "%%"))
    return config
