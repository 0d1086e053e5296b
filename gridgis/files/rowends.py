"""Where the rows of a piece of CSV end, found in its bytes.

A line feed ends a row where it is outside quotes. While quotes are *regular* (an opening one begins
a cell, a closing one ends it, one inside is doubled) that is where an even number of quotes lies
before it, whatever the cells hold, and all ends are found at once. Anything else is read row by row
by the `csv` module, whose word on what a quote means is followed.

The bytes are of an encoding in which delimiters, quotes and line ends are never part of another
character.
"""

import csv
import io
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

Places = NDArray[np.int64]

_LINE_FEED, _RETURN, _QUOTE = b'\n\r"'


def is_regular(content: bytes, delimiter: str, *, is_last: bool) -> bool:
    """Whether the quotes of rows, the last of them perhaps cut off, are regular.

    Line ends must be so too: a carriage return without a line feed is not.
    """
    returns = content.count(b"\r") - content.count(b"\r\n")
    if returns and (is_last or returns > 1 or not content.endswith(b"\r")):
        return False
    quotes = _find(content, _QUOTE)
    if not len(quotes):
        return True
    if is_last and len(quotes) % 2:
        return False
    cells = np.frombuffer(content, np.uint8)
    may_stand_beside = np.zeros(256, bool)
    may_stand_beside[[ord(delimiter), _LINE_FEED, _RETURN, _QUOTE]] = True
    opening, closing = quotes[0::2], quotes[1::2]
    before = cells[opening[opening > 0] - 1]
    after = cells[closing[closing < len(cells) - 1] + 1]
    return bool(may_stand_beside[before].all() and may_stand_beside[after].all())


def find_ends(content: bytes) -> Places:
    """Find the line feeds that end the rows of regular content."""
    ends = _find(content, _LINE_FEED)
    quotes = _find(content, _QUOTE)
    if len(quotes):
        ends = ends[np.searchsorted(quotes, ends) % 2 == 0]
    return ends


def find_last_end(content: bytes) -> int:
    """Find the last line feed that ends a row of regular content; -1 without one."""
    if b'"' not in content:
        return content.rfind(b"\n")
    ends = find_ends(content)
    return int(ends[-1]) if len(ends) else -1


def read_records(
    content: bytes, delimiter: str, *, is_last: bool = True
) -> Iterator[tuple[int, int, list[str]]]:
    """Read rows one by one.

    Parameters
    ----------
    content
        Whole rows; of the last a part only, unless `is_last`, which is then not given out.

    Yields
    ------
    line, end, cells
        Line on which the row begins, from 0; place behind its line end; its cells, a character a
        byte (Latin-1), none for a blank line.

    Raises
    ------
    csv.Error
        If quotes make no sense, with the line on which the row begins, from 0, as second argument.
    """
    lines = _CountedLines(content)
    records = csv.reader(lines, delimiter=delimiter, strict=True)
    line = 0
    while True:
        try:
            record = next(records)
        except StopIteration:
            return
        except csv.Error as error:
            if lines.is_exhausted and not is_last:
                return
            raise csv.Error(str(error), line) from error
        # a row that ends where the content does may go on behind it
        if not is_last and lines.read == len(content) and not content.endswith(b"\n"):
            return
        yield line, lines.read, record
        line = records.line_num


class _CountedLines:
    """The lines of some bytes, and how many bytes of them were read."""

    def __init__(self, content: bytes) -> None:
        self._lines = io.StringIO(content.decode("latin-1"), newline="")
        self.read = 0
        self.is_exhausted = False

    def __iter__(self) -> "_CountedLines":
        return self

    def __next__(self) -> str:
        line = self._lines.readline()
        if not line:
            self.is_exhausted = True
            raise StopIteration
        self.read += len(line)
        return line


def _find(content: bytes, byte: int) -> Places:
    if byte not in content:
        return np.empty(0, np.int64)
    return np.flatnonzero(np.frombuffer(content, np.uint8) == byte)
