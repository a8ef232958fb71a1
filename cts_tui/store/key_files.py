"""Key files: one per master key, in the config folder, readable by their owner alone."""

import logging
import os
import stat
from base64 import b64decode, b64encode
from contextlib import suppress
from pathlib import Path
from typing import Final

from cts_tui.errors import LockedError
from cts_tui.paths import config_folder
from cts_tui.private_files import make_private
from cts_tui.store.sealing import KEY_BYTES

LOG: Final = logging.getLogger(__name__)


def key_folder() -> Path:
    """Return the folder of the key files."""
    return config_folder() / "keys"


def key_file(key_id: str) -> Path:
    """Return the file of a key."""
    return key_folder() / f"{key_id}.key"


def make_keys_private() -> list[str]:
    """Make the key files and their folder private; return a line for each that was not."""
    folder = key_folder()
    if not folder.is_dir():
        return []
    paths = (folder, *sorted(folder.glob("*.key")))
    return [line for path in paths for line in make_private(path)]


def write(key_id: str, material: bytes, data_root: Path | None) -> Path:
    """Write a new key file, durably. Raises LockedError where it must not or cannot be."""
    file = key_file(key_id)
    _refuse_within(file, data_root)
    try:
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        make_private(file.parent)
        descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as stream:
            stream.write(b64encode(material) + b"\n")
            stream.flush()
            os.fsync(stream.fileno())
        _sync(file.parent)
    except OSError as error:
        raise LockedError(
            f"the key file {file} cannot be written: {error.strerror or error}; make its folder "
            "writable for this user, or choose another config folder by CTS_CONFIG_DIR"
        ) from error
    return file


def read(key_id: str, data_root: Path | None) -> bytes:
    """Return the key in its file; a file that others may read is made private first.

    Raises LockedError where it is missing, not ours, inside the data folder, or holds no key.
    """
    file = key_file(key_id)
    _refuse_within(file, data_root)
    try:
        for line in (*make_private(file.parent), *make_private(file)):
            LOG.warning("%s", line)
        _refuse_foreign(file)
        content = file.read_bytes()
    except OSError as error:
        raise LockedError(
            f"the key file {file} of the stored credentials cannot be read: "
            f"{error.strerror or error}; put it back, or start over with: "
            "cts-tui secrets use SOURCE --forget"
        ) from error
    with suppress(ValueError):
        material = b64decode(content.strip(), validate=True)
        if len(material) == KEY_BYTES:
            return material
    raise LockedError(
        f"the key file {file} holds no key: expected {KEY_BYTES} bytes in base64; put the right "
        "one back, or start over with: cts-tui secrets use SOURCE --forget"
    )


def remove(key_id: str) -> None:
    """Delete a key file that nothing is encrypted with any more."""
    try:
        key_file(key_id).unlink(missing_ok=True)
    except OSError as error:
        LOG.warning("an old key file cannot be deleted: %s", error)


def _refuse_within(file: Path, data_root: Path | None) -> None:
    """Refuse a key beside what it encrypts: whoever copies the data folder would have both."""
    if data_root is not None and file.resolve().is_relative_to(data_root.resolve()):
        raise LockedError(
            f"the key file {file} would lie in the data folder, beside what it encrypts: choose "
            "another config folder by CTS_CONFIG_DIR, or another source for the key: "
            "cts-tui secrets use env|keyring|passphrase"
        )


def _refuse_foreign(file: Path) -> None:
    found = file.stat()
    if found.st_uid != os.geteuid():
        raise LockedError(
            f"the key file {file} belongs to another user: make it yours (chown), mode 0600"
        )
    if not stat.S_ISREG(found.st_mode):
        raise LockedError(f"the key file {file} is no file: put the right one back")


def _sync(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
