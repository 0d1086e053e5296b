"""Zip archives that strangers made: checked before and while they are unpacked."""

import io
import zipfile
import zlib
from collections.abc import Callable
from pathlib import PurePosixPath

from gridgis.errors import InvalidInput

_MAX_MEMBERS = 50
_MAX_UNPACKED_BYTES = 200 << 20
_MAX_RATIO = 100
_RATIO_FROM_BYTES = 16 << 20
_CHUNK_BYTES = 1 << 16
_SYMLINK = 0o120000
_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)


def unpack(
    content: bytes, name: str, *, is_wanted: Callable[[str], bool]
) -> dict[PurePosixPath, bytes]:
    """Unpack the wanted members of a zip into memory.

    Parameters
    ----------
    content
        The bytes of the archive.
    name
        The archive, for messages.
    is_wanted
        Says by its lower-case suffix (``.shp``) whether a member is read at all.

    Returns
    -------
    members
        Their bytes by path inside the archive; what macOS adds (``__MACOSX``) is left out.

    Raises
    ------
    InvalidInput
        If the archive is broken or encrypted, has more than 50 members, more than 200 MB unpacked,
        a ratio of more than 100, links, or names that lead outside.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            members = archive.infolist()
            _check_members(members, len(content), name)
            return _read_members(archive, members, name, is_wanted)
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError) as error:
        raise InvalidInput(f"{name} is a broken zip archive ({error}); fetch it again") from error


def _check_members(members: list[zipfile.ZipInfo], packed_bytes: int, name: str) -> None:
    if len(members) > _MAX_MEMBERS:
        raise InvalidInput(f"{name} has more than {_MAX_MEMBERS} members; zip one layer alone")
    for member in members:
        path = PurePosixPath(member.filename.replace("\\", "/"))
        if path.is_absolute() or ".." in path.parts or ":" in member.filename:
            raise InvalidInput(f"{name} has a member whose name leads outside; zip it again")
        if (member.external_attr >> 16) & 0o170000 == _SYMLINK:
            raise InvalidInput(f"{name} has a link as a member; zip the file itself")
        if member.flag_bits & 1:
            raise InvalidInput(f"{name} is encrypted; zip it without a password")
        if member.compress_type not in _METHODS:
            raise InvalidInput(f"{name} is packed in an unusual way; zip it with deflate")
    unpacked_bytes = sum(member.file_size for member in members)
    if unpacked_bytes > _MAX_UNPACKED_BYTES:
        raise _too_large(name)
    if unpacked_bytes > max(_RATIO_FROM_BYTES, _MAX_RATIO * packed_bytes):
        raise InvalidInput(f"{name} unpacks to more than {_MAX_RATIO} times its size; not read")


def _read_members(
    archive: zipfile.ZipFile,
    members: list[zipfile.ZipInfo],
    name: str,
    is_wanted: Callable[[str], bool],
) -> dict[PurePosixPath, bytes]:
    contents: dict[PurePosixPath, bytes] = {}
    left_bytes = _MAX_UNPACKED_BYTES
    for member in members:
        path = PurePosixPath(_true_name(member))
        is_apple = "__MACOSX" in path.parts or path.name.startswith("._")
        if member.is_dir() or is_apple or not is_wanted(path.suffix.lower()):
            continue
        # the sizes in the headers may lie, so the bytes are counted while they come
        chunks = []
        with archive.open(member) as file:
            while chunk := file.read(_CHUNK_BYTES):
                left_bytes -= len(chunk)
                if left_bytes < 0:
                    raise _too_large(name)
                chunks.append(chunk)
        contents[path] = b"".join(chunks)
    return contents


def _true_name(member: zipfile.ZipInfo) -> str:
    """Name of a member; Chinese Windows writes GBK where Python, by the standard, reads cp437."""
    if member.flag_bits & 0x800 or member.filename.isascii():
        return member.filename.replace("\\", "/")
    try:
        return member.filename.encode("cp437").decode("gb18030").replace("\\", "/")
    except UnicodeError:
        return member.filename.replace("\\", "/")


def _too_large(name: str) -> InvalidInput:
    return InvalidInput(f"{name} unpacks to more than {_MAX_UNPACKED_BYTES >> 20} MB; not read")
