"""The operating system's keyring, where there is one that keeps a secret."""

import logging
from base64 import b64decode, b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

from cts_tui.errors import LockedError

LOG: Final = logging.getLogger(__name__)
_SERVICE: Final = "cts-tui"
_REAL: Final = (
    "keyring.backends.SecretService",
    "keyring.backends.libsecret",
    "keyring.backends.kwallet",
    "keyring.backends.macOS",
    "keyring.backends.Windows",
)
"""What may be taken unasked from among several: the systems' own keyrings."""
_REFUSED: Final = ("keyring.backends.fail", "keyring.backends.null", "keyrings.alt")
"""What keeps nothing, or keeps it in plain text."""
_CHOICES: Final = "cts-tui secrets use env|file|passphrase"


def name() -> str:
    """Return the name of the keyring that can be trusted with a key; empty where there is none."""
    try:
        found = _backend()
    except LockedError as error:
        LOG.warning("%s", error)
        return ""
    return "" if found is None else str(getattr(found, "name", type(found).__name__))


def write(key_id: str, material: bytes) -> None:
    """Put a new key into the keyring, and see that it is there. Raises LockedError."""
    text = b64encode(material).decode()
    found = _required()
    with _guarded("take the key"):
        found.set_password(_SERVICE, key_id, text)
        if found.get_password(_SERVICE, key_id) != text:
            raise LookupError("it is not there afterwards")


def read(key_id: str) -> bytes:
    """Return a key from the keyring. Raises LockedError where it is not there."""
    found = _required()
    with _guarded("give the key"):
        text = found.get_password(_SERVICE, key_id)
    if text is None:
        raise LockedError(
            "the keyring of this system does not hold the key of the stored credentials: log in "
            "as the user who stored them, or start over with: cts-tui secrets use SOURCE --forget"
        )
    return b64decode(text)


def remove(key_id: str) -> None:
    """Delete a key that nothing is encrypted with any more."""
    try:
        found = _required()
        with _guarded("delete an old key"):
            found.delete_password(_SERVICE, key_id)
    except LockedError as error:
        LOG.warning("%s", error)


def _required() -> Any:
    found = _backend()
    if found is None:
        raise LockedError(
            "this machine has no keyring that can be used (a server seldom has): choose another "
            f"source for the key: {_CHOICES}"
        )
    return found


def _backend() -> Any | None:
    """Return the keyring that can be trusted, None where there is none.

    The one that the user configured counts, unless it keeps nothing or plain text; of several that
    were found, the first that belongs to the operating system.
    """
    with _guarded("answer"):
        import keyring

        found = keyring.get_keyring()
        several = list(getattr(found, "backends", ()))
    module = _module(found)
    if several or module.endswith("chainer"):
        return next((one for one in several if _module(one) in _REAL), None)
    is_refused = module.startswith(_REFUSED) or "plain" in type(found).__name__.lower()
    return None if is_refused else found


def _module(found: Any) -> str:
    return type(found).__module__


@contextmanager
def _guarded(what: str) -> Iterator[None]:
    """Turn whatever a keyring raises, a plug-in of the system, into one line."""
    try:
        yield
    except Exception as error:  # noqa: BLE001 - a plug-in, told to the trader with its reason
        raise LockedError(
            f"the keyring of this system does not {what} ({type(error).__name__}: {error}): "
            f"unlock it, or choose another source for the key: {_CHOICES}"
        ) from None
