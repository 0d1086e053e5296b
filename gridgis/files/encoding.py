"""The encoding of text: found out only where one reading is plain, asked for otherwise."""

import codecs
import re

from gridgis.errors import InvalidInput

BYTE_ORDER_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
# a character of GB18030: two or four bytes that no Western text has in a row, or two that it may
_CHARACTER = re.compile(
    rb"([\x81-\xfe][\x80-\xfe]|[\x81-\xfe][0-9][\x81-\xfe][0-9])|[\x81-\xfe][\x40-\x7e]"
)


def find_encoding(text: bytes) -> str | None:
    """Find the encoding of text: a byte order mark, else UTF-8, else GB18030, each strictly.

    Returns
    -------
    encoding
        A codec name of Python, or None where neither reading is plain.

    Notes
    -----
    Almost any bytes are GB18030. Western text read as such pairs each accented letter with an
    ASCII letter, while the common Chinese characters have two high bytes; where most pairs have an
    ASCII half the answer is None. A few characters alone can be both, as 路路 in GBK is ·· in
    UTF-8; UTF-8 is taken then.
    """
    for mark, encoding in BYTE_ORDER_MARKS:
        if text.startswith(mark):
            return encoding
    if is_in(text, "utf-8"):
        return "utf-8"
    if not is_in(text, "gb18030"):
        return None
    return "gb18030" if is_plainly_gb18030(text) else None


def is_plainly_gb18030(text: bytes) -> bool:
    """Whether most characters of bytes in GB18030 are none that Western text may have too."""
    characters = _CHARACTER.findall(text)
    return 2 * sum(1 for character in characters if character) > len(characters)


def decode_cut(text: bytes, encoding: str) -> str:
    """Decode strictly, but leave out a last character of which the last bytes were cut off.

    Raises
    ------
    UnicodeDecodeError
        If the bytes are not in the encoding.
    """
    return codecs.getincrementaldecoder(encoding)().decode(text)


def is_in(text: bytes, encoding: str) -> bool:
    """Whether the bytes decode strictly."""
    try:
        text.decode(encoding)
    except UnicodeDecodeError:
        return False
    return True


def check_encoding(encoding: str) -> str:
    """Return the name of a text encoding that this Python knows.

    Raises
    ------
    InvalidInput
        If there is none of that name.
    """
    try:
        "".encode(encoding)
        return codecs.lookup(encoding).name
    except (LookupError, ValueError) as error:
        raise InvalidInput(
            f"--encoding {encoding!r} is not known; write it like UTF-8, GB18030 or cp1252"
        ) from error


def decode(text: bytes, name: str, encoding: str | None) -> tuple[str, str]:
    """Decode the text of a whole file, with its encoding given or found out.

    Returns
    -------
    text, encoding
        Without a byte order mark; the encoding that was used.

    Raises
    ------
    InvalidInput
        If the bytes are not in the encoding given (the line is named), or none is plain.
    """
    if encoding is None:
        found = find_encoding(text)
        if found is None:
            raise InvalidInput(
                f"{name} is neither UTF-8 nor plainly GB18030; pass --encoding, for example cp1252"
            )
    else:
        found = check_encoding(encoding)
        if found == "utf-8" and text.startswith(codecs.BOM_UTF8):
            found = "utf-8-sig"
    try:
        return text.decode(found), found
    except UnicodeDecodeError as error:
        line = text.count(b"\n", 0, error.start) + 1
        raise InvalidInput(
            f"{name} line {line} is not {encoding}; pass another --encoding or leave it out"
        ) from error
