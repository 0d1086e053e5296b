"""The bytes of a table of text from any place on, in an encoding in which they can be cut.

Most encodings keep delimiters, quotes and line ends apart from all other characters, and the bytes
of the file are taken as they are. The others (UTF-16 above all) are brought to UTF-8 on the way in
and back on the way out.
"""

import codecs
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from gridgis.errors import InvalidInput
from gridgis.files.encoding import BYTE_ORDER_MARKS, check_encoding, is_plainly_gb18030

_BLOCK_BYTES = 8 << 20
_CUTTABLE = ("utf-8", "ascii", "gb18030", "gbk", "gb2312", "big5", "cp950", "shift_jis", "cp932")
_UNDEFINED = "character maps to <undefined>"
_WIDE = ("utf-16", "utf-32")


@dataclass(frozen=True)
class TextStream:
    """A file of text and its encoding.

    Attributes
    ----------
    path
        The file.
    encoding
        Of the file.
    inner
        Encoding of the bytes that `open` gives and `to_file` takes.
    """

    path: Path
    encoding: str
    inner: str

    def open(self, start: int) -> Iterator[bytes]:
        """Give the bytes from a place on, without a byte order mark, a block at a time."""
        with self.path.open("rb") as file:
            if self.inner == self.encoding:
                file.seek(start)
                yield from _read_blocks(file)
                return
            if self.encoding == "utf-8-sig":
                file.seek(start + len(codecs.BOM_UTF8))
                yield from _read_blocks(file)
                return
            decoder = codecs.getincrementaldecoder(self.encoding)()
            for block in _read_blocks(file):
                decoded = decoder.decode(block).encode()
                skipped = min(start, len(decoded))
                start -= skipped
                yield decoded[skipped:]
            yield decoder.decode(b"", final=True).encode()

    def to_file(self, content: bytes, *, is_first: bool = False) -> bytes:
        """Bring bytes to the encoding of the file; the first of a file get a byte order mark."""
        if self.inner == self.encoding:
            return content
        if self.encoding == "utf-8-sig":
            return codecs.BOM_UTF8 + content if is_first else content
        if is_first or self.encoding not in _WIDE:
            return content.decode().encode(self.encoding)
        # the codec without the order of its bytes in the name writes a mark each time
        return content.decode().encode(f"{self.encoding}-{sys.byteorder[0]}e")


def open_text(path: Path, *, encoding: str | None) -> TextStream:
    """Settle the encoding of a file, which is read once for it, and check it to the end.

    Raises
    ------
    InvalidInput
        If the bytes are not in the encoding given (the line is named), none is plain, or there is a
        NUL.
    """
    with path.open("rb") as file:
        start = file.read(4)
    marked = next((found for mark, found in BYTE_ORDER_MARKS if start.startswith(mark)), None)
    if encoding is not None:
        found = check_encoding(encoding)
        if found == "utf-8" and marked == "utf-8-sig":
            found = marked
        line = _find_bad_line(path, found)
        if line is not None:
            raise InvalidInput(
                f"{path.name} line {line} is not {encoding}; pass another --encoding or leave it "
                "out"
            )
    else:
        found = _find_encoding(path, marked)
    return TextStream(path, found, found if _is_cuttable(found) else "utf-8")


def _find_encoding(path: Path, marked: str | None) -> str:
    for found in [marked] if marked else ["utf-8", "gb18030"]:
        if _find_bad_line(path, found) is None and (
            found != "gb18030" or _is_plainly_gb18030(path)
        ):
            return found
    if marked:
        raise InvalidInput(f"{path.name} is not {marked}, as its first bytes say; save it again")
    raise InvalidInput(
        f"{path.name} is neither UTF-8 nor plainly GB18030; pass --encoding, for example cp1252"
    )


def _find_bad_line(path: Path, encoding: str) -> int | None:
    """Return the line, from 1, that is not in the encoding; None where all are."""
    decoder = codecs.getincrementaldecoder(encoding)()
    line = 1
    with path.open("rb") as file:
        try:
            for block in _read_blocks(file):
                text = decoder.decode(block)
                if "\0" in text:
                    line += text.count("\n", 0, text.index("\0"))
                    raise InvalidInput(
                        f"{path.name} line {line} has a NUL byte; save the table as UTF-8 CSV"
                    )
                line += text.count("\n")
            decoder.decode(b"", final=True)
        except UnicodeDecodeError as error:
            return line + error.object.count(b"\n", 0, error.start)
    return None


def _is_plainly_gb18030(path: Path) -> bool:
    with path.open("rb") as file:
        # 256 MiB tell; characters are not cut, as lines are given whole
        return is_plainly_gb18030(b"".join(file.readlines(256 << 20)))


def _is_cuttable(encoding: str) -> bool:
    if encoding in _CUTTABLE:
        return True
    ascii_bytes = bytes(range(128))
    return all(_is_character(bytes([byte]), encoding) for byte in range(256)) and (
        ascii_bytes.decode(encoding) == ascii_bytes.decode("ascii")
    )


def _is_character(byte: bytes, encoding: str) -> bool:
    """Whether a byte is a character, or none at all, but not the beginning of one."""
    try:
        return len(byte.decode(encoding)) == 1
    except UnicodeDecodeError as error:
        return error.reason == _UNDEFINED


def _read_blocks(file: IO[bytes]) -> Iterator[bytes]:
    try:
        while block := file.read(_BLOCK_BYTES):
            yield block
    except OSError as error:
        raise InvalidInput(f"{file.name} cannot be read ({error.strerror})") from error
