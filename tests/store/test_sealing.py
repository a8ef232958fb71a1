"""Sealing: what is encrypted opens with its key, in its place, unchanged, and not otherwise."""

import base64
import secrets

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cts_tui.store.sealing import (
    SealingKey,
    from_material,
    from_text,
    new_material,
    new_salt,
    seal,
    unseal,
)

KEY = secrets.token_bytes(32)
SALT = b"0123456789abcdef"


@given(plain=st.binary(max_size=2_000), bound_to=st.text(max_size=50))
def test_what_was_sealed_opens_again(plain: bytes, bound_to: str) -> None:
    assert unseal(KEY, seal(KEY, plain, bound_to), bound_to) == plain


@given(data=st.data(), plain=st.binary(min_size=1, max_size=60))
def test_any_changed_bit_keeps_it_shut(data: st.DataObject, plain: bytes) -> None:
    sealed = bytearray(seal(KEY, plain, "here"))
    place = data.draw(st.integers(0, len(sealed) * 8 - 1))
    sealed[place // 8] ^= 1 << place % 8
    assert unseal(KEY, bytes(sealed), "here") is None


@given(cut=st.integers(0, 40))
def test_a_part_of_it_does_not_open(cut: int) -> None:
    assert unseal(KEY, seal(KEY, b"some secret value", "here")[:cut], "here") is None


def test_another_key_and_another_place_do_not_open_it() -> None:
    sealed = seal(KEY, b"secret", "store/1")
    assert unseal(new_material(), sealed, "store/1") is None
    assert unseal(KEY, sealed, "store/2") is None


def test_the_same_is_never_sealed_the_same_way_twice() -> None:
    assert len({seal(KEY, b"secret", "here") for _ in range(50)}) == 50


def test_a_key_depends_on_its_salt() -> None:
    material = new_material()
    assert from_material(material, new_salt()) != from_material(material, new_salt())
    assert from_text("a passphrase", SALT) != from_text("a passphrase", b"another salt 123")


@pytest.mark.parametrize("spell", [bytes.hex, lambda m: base64.b64encode(m).decode()])
def test_32_bytes_in_hex_or_base64_are_a_key(spell: object) -> None:
    material = bytes(range(220, 252))
    assert callable(spell)
    assert from_text(spell(material), SALT) == from_material(material, SALT)
    urlsafe = base64.urlsafe_b64encode(material).decode().rstrip("=")
    assert from_text(urlsafe, SALT) == from_material(material, SALT)


@pytest.mark.parametrize("text", ["x", "ü" * 32, "g" * 64, "!" * 44, "a passphrase of some words"])
def test_any_other_text_is_a_passphrase(text: str) -> None:
    assert len(from_text(text, SALT)) == 32
    assert from_text(text, SALT) == from_text(text, SALT)


def test_a_passphrase_is_the_same_however_its_letters_are_composed() -> None:
    assert from_text("schlüssel", SALT) == from_text("schlu\u0308ssel", SALT)


def test_a_key_does_not_show_itself() -> None:
    assert repr(SealingKey("ab12", KEY)) == "SealingKey(ab12)"
