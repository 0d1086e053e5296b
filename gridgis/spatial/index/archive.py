"""Indexes on disk: one flat .npy file each, written whole or not at all, verified when opened.

The file holds one column of int32: the words of the index, then its codes as JSON. The header of
the index carries its digest and a checksum of everything else. A checksum guards against damage,
not against malice: the folder must belong to those who run gridgis.
"""

import json
import os
from hashlib import sha256
from io import BytesIO
from pathlib import Path
from tempfile import NamedTemporaryFile

import numpy as np
from numpy.typing import NDArray

from gridgis.errors import InvalidInput
from gridgis.spatial.index.layout import (
    AT_CHECKSUM,
    AT_CODE_BYTES,
    AT_DIGEST,
    AT_MAGIC,
    AT_VERSION,
    AT_WORDS,
    HEADER_WORDS,
    MAGIC,
    VERSION,
)

_WORD = np.dtype("<i4")
_LONG = np.dtype("<i8")
_DIGEST_WORDS = 8
_NPY_BYTES = 128

Words = NDArray[np.int32]


def write_index(folder: Path, array: Words, codes: tuple[str, ...], digest: str) -> Path:
    """Write an index into `folder`, which is made if it is missing; an older file is replaced."""
    listed = json.dumps(codes, ensure_ascii=False).encode()
    tail = np.frombuffer(listed + b" " * (-len(listed) % _WORD.itemsize), _WORD)
    header = array[:HEADER_WORDS].copy()
    header[AT_MAGIC], header[AT_VERSION] = MAGIC, VERSION
    header[AT_WORDS : AT_WORDS + 2] = np.array([len(array)], _LONG).view(_WORD)
    header[AT_CODE_BYTES] = len(listed)
    header[AT_DIGEST : AT_DIGEST + _DIGEST_WORDS] = np.frombuffer(bytes.fromhex(digest), _WORD)
    body = array[HEADER_WORDS:]
    header[AT_CHECKSUM : AT_CHECKSUM + _DIGEST_WORDS] = _sum_words(header, body, tail)
    path = folder / _name_file(digest)
    folder.mkdir(parents=True, exist_ok=True)
    with NamedTemporaryFile(dir=folder, prefix=".", suffix=".part", delete=False) as file:
        try:
            file.write(_describe_column(len(array) + len(tail)))
            for words in (header, body, tail):
                file.write(words.data)
            file.flush()
            os.fsync(file.fileno())
            Path(file.name).replace(path)
        except BaseException:
            Path(file.name).unlink(missing_ok=True)
            raise
    return path


def read_index(path: Path) -> tuple[Words, tuple[str, ...], str]:
    """Open the array of an index by mmap, with its codes and its digest.

    Raises
    ------
    InvalidInput
        If the file is missing, damaged, cut short, or not an index of this version.
    """
    try:
        with path.open("rb") as file:
            description = file.read(_NPY_BYTES)
        count = (path.stat().st_size - _NPY_BYTES) // _WORD.itemsize
        if count <= HEADER_WORDS or description != _describe_column(count):
            raise InvalidInput(f"{path} is damaged, or not an index; build it again")
        words = np.memmap(path, _WORD, "r", _NPY_BYTES, (count,)).view(np.ndarray)
    except OSError as error:
        raise InvalidInput(f"{path} cannot be read ({error.strerror}); build it again") from error
    if (words[AT_MAGIC], words[AT_VERSION]) != (MAGIC, VERSION):
        raise InvalidInput(f"{path} is not an index of this version of gridgis; build it again")
    header = words[:HEADER_WORDS].copy()
    stated = header[AT_CHECKSUM : AT_CHECKSUM + _DIGEST_WORDS].copy()
    header[AT_CHECKSUM : AT_CHECKSUM + _DIGEST_WORDS] = 0
    if (_sum_words(header, words[HEADER_WORDS:]) != stated).any():
        raise InvalidInput(f"{path} is damaged: its checksum does not fit; build it again")
    digest = header[AT_DIGEST : AT_DIGEST + _DIGEST_WORDS].tobytes().hex()
    if path.name != _name_file(digest):
        raise InvalidInput(f"{path} holds the index of another set of grids; build it again")
    size = int(header[AT_WORDS : AT_WORDS + 2].view(_LONG)[0])
    listed = words[size:].tobytes()[: int(header[AT_CODE_BYTES])]
    return words[:size], tuple(json.loads(listed)), digest


def _describe_column(count: int) -> bytes:
    """Write the header of a .npy file: 128 bytes, so that the words behind it are aligned."""
    header = BytesIO()
    np.lib.format.write_array_header_1_0(
        header, {"descr": _WORD.str, "fortran_order": False, "shape": (count,)}
    )
    return header.getvalue()


def _name_file(digest: str) -> str:
    return f"grids-v{VERSION}-{digest}.npy"


def _sum_words(*parts: Words) -> Words:
    """SHA-256 of some words; the checksum's own place in the header counts as 0."""
    total = sha256()
    for words in parts:
        total.update(words.data)
    return np.frombuffer(total.digest(), _WORD)
