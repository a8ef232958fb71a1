"""Keyrings for tests: one that keeps, one that loses, one that raises, one in plain text."""

from collections.abc import Iterator
from contextlib import contextmanager

import keyring
from keyring.backend import KeyringBackend
from keyring.errors import KeyringLocked, PasswordDeleteError


class Memory(KeyringBackend):
    """Keeps what it is given as long as the process lives."""

    name = "memory"
    priority = 1

    def __init__(self) -> None:
        super().__init__()
        self.kept: dict[tuple[str, str], str] = {}

    def get_password(self, service: str, username: str) -> str | None:
        return self.kept.get((service, username))

    def set_password(self, service: str, username: str, password: str) -> None:
        self.kept[service, username] = password

    def delete_password(self, service: str, username: str) -> None:
        if self.kept.pop((service, username), None) is None:
            raise PasswordDeleteError("it is not there")


class Forgetful(Memory):
    """Takes what it is given and loses it."""

    def set_password(self, service: str, username: str, password: str) -> None:
        return None


class Locked(Memory):
    """Refuses everything."""

    def get_password(self, service: str, username: str) -> str | None:
        raise KeyringLocked("the collection is locked")

    def set_password(self, service: str, username: str, password: str) -> None:
        raise KeyringLocked("the collection is locked")


class PlaintextKeyring(Memory):
    """Would write secrets down for everybody."""


@contextmanager
def used(backend: KeyringBackend) -> Iterator[KeyringBackend]:
    """Have `backend` be the keyring of this system for a while."""
    before = keyring.get_keyring()
    keyring.set_keyring(backend)
    try:
        yield backend
    finally:
        keyring.set_keyring(before)
