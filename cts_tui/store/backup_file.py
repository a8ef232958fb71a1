"""The file of a backup: gzip, with what is known of the database in a comment of the gzip header.

So there is one file that cannot lose its second half, `gunzip` reads it, and a list of backups
reads a few hundred bytes of each. The comment has a checksum of its own; the database is checked
against the digest in it.
"""

import hashlib
import json
import os
import zlib
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import IO, Final

from cts_tui.errors import StoreError
from cts_tui.store.scratch import new_file

_MAGIC: Final = b"\x1f\x8b\x08"
_HAS_COMMENT: Final = 0x10
_FASTEST: Final = 4
_UNKNOWN_SYSTEM: Final = 255
_LEVEL: Final = 1
"""46 MB/s to 37 % of the size; level 6: 17 MB/s to 33 %."""
_CHUNK: Final = 1 << 20
_TITLE: Final = "cts-tui backup "
_LONGEST_HEADER: Final = 65_536
_TRAILER: Final = 8

Check = Callable[[], None]
"""Called between two chunks; may raise to end the work."""


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a backup says of the database in it."""

    made_at: str
    """ISO-8601 UTC."""
    reason: str
    schema: str | None
    database_bytes: int
    sha256: str
    crc32: int
    tables: dict[str, int]
    """Rows by table."""
    packed_sha256: str = "0" * 64
    """Digest of what follows the header: a flipped bit may unpack to the same bytes."""


def pack(database: Path, packed: Path, manifest: Manifest, check: Check) -> Manifest:
    """Compress a database into a new file; return its manifest, which has the digest of that now.

    Raises OSError, and what `check` raises.
    """
    digest = hashlib.sha256()
    deflate = zlib.compressobj(_LEVEL, zlib.DEFLATED, -zlib.MAX_WBITS)
    with database.open("rb") as source, os.fdopen(new_file(packed), "wb") as target:
        target.write(_header(manifest))

        def put(content: bytes) -> None:
            digest.update(content)
            target.write(content)

        for chunk in _chunks(source):
            put(deflate.compress(chunk))
            check()
        put(deflate.flush())
        put(_trailer(manifest))
        manifest = replace(manifest, packed_sha256=digest.hexdigest())
        target.seek(0)
        target.write(_header(manifest))  # of the same length
    return manifest


def verify_packed(packed: Path, manifest: Manifest, check: Check) -> None:
    """Unpack a backup without keeping it, and compare. Raises StoreError."""
    with packed.open("rb") as source:
        digest = hashlib.sha256()
        for chunk in inflated(source, check):
            digest.update(chunk)
    _compare(packed, manifest, digest.hexdigest())


def unpack(packed: Path, target: Path, check: Check) -> None:
    """Unpack any gzip file into a new file; one of ours is compared with what it says of itself.

    Raises StoreError where it is damaged.
    """
    manifest = read_manifest(packed)
    digest = hashlib.sha256()
    with packed.open("rb") as source, os.fdopen(new_file(target), "wb") as out:
        for chunk in inflated(source, check):
            digest.update(chunk)
            out.write(chunk)
    if manifest is not None:
        _compare(packed, manifest, digest.hexdigest())


def _compare(packed: Path, manifest: Manifest, sha256: str) -> None:
    """Compare what came out of a backup, and the file itself, with what it says of both."""
    if sha256 != manifest.sha256:
        raise StoreError("it is damaged: it does not hold what was put into it")
    with packed.open("rb") as source:
        source.seek(len(_header(manifest)))
        found = hashlib.file_digest(source, "sha256").hexdigest()
    if found != manifest.packed_sha256:
        raise StoreError("it is damaged: its bytes are not those that were written")


def inflated(source: IO[bytes], check: Check) -> Iterator[bytes]:
    """Yield what a gzip stream holds. Raises StoreError where it is cut off, changed or no gzip."""
    inflate = zlib.decompressobj(zlib.MAX_WBITS | 16)
    try:
        for packed in _chunks(source):
            rest = packed
            while rest and not inflate.eof:
                yield inflate.decompress(rest, _CHUNK)
                rest = inflate.unconsumed_tail
                check()
            if inflate.unused_data or (inflate.eof and rest):
                raise StoreError("something stands behind its end")
        yield inflate.flush()
    except zlib.error as error:
        raise StoreError(f"it is damaged or no gzip file ({error})") from None
    if not inflate.eof:
        raise StoreError("it is cut off")


def read_manifest(file: Path) -> Manifest | None:
    """Return what a backup says of itself, None where it is none of ours.

    Raises StoreError where that was changed, OSError where it cannot be read.
    """
    with file.open("rb") as source:
        head = source.read(_LONGEST_HEADER)
    start = len(_MAGIC) + 7
    comment, end, _ = head[start:].partition(b"\0")
    if not (head.startswith(_MAGIC) and end and comment.startswith(_TITLE.encode())):
        return None
    try:
        text, _, _ = comment.decode("ascii").removeprefix(_TITLE).rpartition(" ")
        manifest = Manifest(**json.loads(text))
        is_unchanged = _header(manifest) == head[: start + len(comment) + 1]
    except (ValueError, TypeError):
        is_unchanged = False
    if not is_unchanged:
        raise StoreError("what it says of itself was changed")
    return manifest


def looks_whole(file: Path, manifest: Manifest) -> bool:
    """Return whether the end of a backup is the one that was written, without reading all of it."""
    with file.open("rb") as source:
        source.seek(-_TRAILER, os.SEEK_END)
        return source.read() == _trailer(manifest)


def fingerprint(database: Path, check: Check) -> tuple[str, int]:
    """Return the SHA-256 digest, in hex, and the CRC-32 of a file."""
    digest, crc = hashlib.sha256(), 0
    with database.open("rb") as source:
        for chunk in _chunks(source):
            digest.update(chunk)
            crc = zlib.crc32(chunk, crc)
            check()
    return digest.hexdigest(), crc


def _chunks(source: IO[bytes]) -> Iterator[bytes]:
    while chunk := source.read(_CHUNK):
        yield chunk


def _header(manifest: Manifest) -> bytes:
    """Return the gzip header (RFC 1952) with the manifest as its comment."""
    text = _TITLE + json.dumps(asdict(manifest), separators=(",", ":"))
    comment = f"{text} {zlib.crc32(text.encode()):08x}".encode()
    fixed = bytes([_HAS_COMMENT, 0, 0, 0, 0, _FASTEST, _UNKNOWN_SYSTEM])
    return _MAGIC + fixed + comment + b"\0"


def _trailer(manifest: Manifest) -> bytes:
    size = manifest.database_bytes % (1 << 32)
    return manifest.crc32.to_bytes(4, "little") + size.to_bytes(4, "little")
