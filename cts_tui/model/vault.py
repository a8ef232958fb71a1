"""Words about stored credentials and the key that encrypts them; never what they hold (S10)."""

from dataclasses import dataclass
from enum import StrEnum


class KeySource(StrEnum):
    """Where the master key comes from."""

    KEYRING = "keyring"
    """The keyring of the operating system."""
    FILE = "file"
    """A file in the config folder, private to its owner."""
    PASSPHRASE = "passphrase"  # noqa: S105 - a word
    """Asked once at a start."""
    ENV = "env"
    """The variable CTS_MASTER_KEY."""


@dataclass(frozen=True, slots=True)
class StoredCredentials:
    """That a connection has credentials: which fields, as ccxt spells them, and since when."""

    fields: tuple[str, ...]
    updated_ms: int


@dataclass(frozen=True, slots=True)
class VaultStatus:
    """How the stored credentials are kept."""

    source: KeySource | None
    """None: nothing is chosen; the first credentials that are stored choose."""
    is_usable: bool | None
    """Whether credentials can be read now; None where only the trader's passphrase would tell."""
    fault: str
    """Why not, and what to do; empty otherwise."""
    credentials: int
    """Connections whose credentials are stored."""
    has_env: bool
    """Whether CTS_MASTER_KEY is set here."""
    keyring: str
    """Name of the system's keyring; empty where there is none that can be trusted."""
    key_file: str
    """The key file; empty where there is none."""
    targets: int = 0
    """Targets of alerts, whose addresses are stored."""
