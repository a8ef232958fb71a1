"""The keys to an account. They are never shown: not by repr, not by a traceback's locals (S10)."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Final


@dataclass(frozen=True, slots=True, repr=False)
class Credentials:
    """What an exchange asks for; empty where it does not."""

    api_key: str = ""
    secret: str = ""
    password: str = ""
    uid: str = ""
    wallet_address: str = ""
    private_key: str = ""

    def __repr__(self) -> str:
        return f"Credentials({', '.join(self.given) or 'none'})"

    @property
    def given(self) -> tuple[str, ...]:
        """Names of the fields that are not empty, as ccxt spells them."""
        return tuple(CCXT_NAMES[field.name] for field in fields(self) if getattr(self, field.name))

    @property
    def secrets(self) -> tuple[str, ...]:
        """Every value that must never be seen."""
        return tuple(value for field in fields(self) if (value := getattr(self, field.name)))

    def as_ccxt(self) -> dict[str, str]:
        """Return what the ccxt constructor takes."""
        return {
            CCXT_NAMES[field.name]: value
            for field in fields(self)
            if (value := getattr(self, field.name))
        }

    @classmethod
    def from_ccxt(cls, values: Mapping[str, str]) -> "Credentials":
        """Return the credentials of ccxt's names; what is not among them is left out."""
        return cls(
            **{name: values[spelled] for name, spelled in CCXT_NAMES.items() if spelled in values}
        )


CCXT_NAMES: Final = {
    "api_key": "apiKey",
    "secret": "secret",
    "password": "password",
    "uid": "uid",
    "wallet_address": "walletAddress",
    "private_key": "privateKey",
}
"""Our field → ccxt's name, which `--credentials-stdin` takes too."""
