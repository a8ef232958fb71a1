"""Authenticated encryption of small secrets, and the keys for it. Knows no row and no file."""

import binascii
import secrets
import unicodedata
from base64 import urlsafe_b64decode
from dataclasses import dataclass
from typing import Final

KEY_BYTES: Final = 32
_NONCE_BYTES: Final = 12
_SALT_BYTES: Final = 16
_VERSION: Final = b"\x01"
_PURPOSE: Final = b"cts-tui credentials 1"
_SCRYPT: Final = {"n": 2**15, "r": 8, "p": 3}
"""32 MB and a quarter of a second for each guess."""


@dataclass(frozen=True, slots=True, repr=False)
class SealingKey:
    """A key for AES-256-GCM, and the id by which the store knows it."""

    id: str
    value: bytes

    def __repr__(self) -> str:
        return f"SealingKey({self.id})"


def new_material() -> bytes:
    """Return a new random master key."""
    return secrets.token_bytes(KEY_BYTES)


def new_salt() -> bytes:
    """Return a new random salt."""
    return secrets.token_bytes(_SALT_BYTES)


def from_material(material: bytes, salt: bytes) -> bytes:
    """Derive the encryption key from a random master key (HKDF-SHA256)."""
    from cryptography.hazmat.primitives.hashes import SHA256
    from cryptography.hazmat.primitives.kdf.hkdf import HKDF

    return HKDF(SHA256(), KEY_BYTES, salt, _PURPOSE).derive(material)


def from_text(text: str, salt: bytes) -> bytes:
    """Derive the encryption key from what a person chose.

    32 bytes in hex or base64 are a random key; anything else goes through scrypt.
    """
    material = _as_material(text)
    if material is not None:
        return from_material(material, salt)
    from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

    plain = unicodedata.normalize("NFC", text).encode("utf-8", "surrogateescape")
    return Scrypt(salt, KEY_BYTES, **_SCRYPT).derive(plain)


def _as_material(text: str) -> bytes | None:
    """Return the 32 bytes that `text` spells, None where it spells none."""
    try:
        if len(text) == 2 * KEY_BYTES:
            return bytes.fromhex(text)
        if len(text) in (43, 44):
            material = urlsafe_b64decode(text.translate(_STANDARD).ljust(44, "="))
            return material if len(material) == KEY_BYTES else None
    except (ValueError, binascii.Error):
        pass
    return None


_STANDARD: Final = str.maketrans("+/", "-_")


def seal(key: bytes, plain: bytes, bound_to: str) -> bytes:
    """Encrypt `plain` under a random nonce; it opens only with the same `bound_to`."""
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    nonce = secrets.token_bytes(_NONCE_BYTES)
    return _VERSION + nonce + AESGCM(key).encrypt(nonce, plain, _VERSION + bound_to.encode())


def unseal(key: bytes, sealed: bytes, bound_to: str) -> bytes | None:
    """Decrypt; None where the key is another, or anything was changed or moved."""
    from cryptography.exceptions import InvalidTag
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    version, nonce = sealed[:1], sealed[1 : 1 + _NONCE_BYTES]
    if version != _VERSION or len(nonce) < _NONCE_BYTES:
        return None
    try:
        return AESGCM(key).decrypt(nonce, sealed[1 + _NONCE_BYTES :], version + bound_to.encode())
    except InvalidTag:
        return None
