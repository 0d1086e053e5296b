"""CSV and TSV tables larger than memory: blocks of whole rows, and their positions.

Only the two cells of the position are read; the bytes of the rows stay as they are.
"""

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.csv as pa_csv
from numpy.typing import NDArray

from gridgis.errors import InvalidInput
from gridgis.files.encoding import decode_cut
from gridgis.files.positions import (
    PositionCrs,
    Positions,
    check_numbers,
    find_position_columns,
    locate_rows,
    parse_numbers,
    settle_position_crs,
)
from gridgis.files.rowends import Places, find_ends, find_last_end, is_regular, read_records
from gridgis.files.source import check_file
from gridgis.files.tabular import find_delimiter, read_header, refuse_other_kinds
from gridgis.files.textstream import TextStream, open_text

_BLOCK_BYTES = 8 << 20
_LONGEST_ROW_BYTES = 64 << 20
_START_BYTES = 1 << 20

Numbers = tuple[NDArray[np.float64], dict[int, str]]


@dataclass(frozen=True)
class BlockFile:
    """A table of text whose columns of positions are settled.

    `first` is the place behind the header row in the bytes of `stream`, `first_line` the line
    there; `header_row` has no line end; `at` says which columns hold the position.
    """

    stream: TextStream
    delimiter: str
    newline: bytes
    header: tuple[str, ...]
    header_row: bytes
    first: int
    first_line: int
    at: tuple[int, int]
    settled: PositionCrs

    @property
    def name(self) -> str:
        """The file, for messages."""
        return self.stream.path.name


@dataclass(frozen=True)
class Block:
    """Whole rows that follow each other; `end` is the place behind them, `first_line` their line.

    `is_regular` says that the ends of rows can be told from the quotes alone.
    """

    content: bytes
    end: int
    first_line: int
    is_regular: bool


@dataclass(frozen=True)
class BlockRows:
    """The n rows of a block, without blank lines.

    Row k begins at ``starts[k]`` of `content`; its line end lies between ``ends[k]`` and the next
    start. `positions` count rows from 1 in the block.
    """

    content: bytes
    starts: Places
    ends: Places
    positions: Positions

    def row(self, k: int) -> bytes:
        """Return the bytes of a row, without its line end."""
        return self.content[self.starts[k] : self.ends[k]]


def open_blocks(
    path: str | Path,
    *,
    encoding: str | None = None,
    lon: str | None = None,
    lat: str | None = None,
    crs: str | None = None,
    datum: str | None = None,
) -> BlockFile:
    """Find out the manner of a table as `tabular.read_table` does, and settle its positions.

    The file is read once for it, to the end, to settle and check the encoding.

    Raises
    ------
    InvalidInput, CrsError
        If the file is missing, empty, not a table or not plainly of one encoding; if it has no
        header or two columns of one name; if columns, CRS or datum are not settled.
    """
    file = check_file(path)
    with file.open("rb") as opened:
        refuse_other_kinds(opened.read(_START_BYTES), file.name)
    stream = open_text(file, encoding=encoding)
    start = _read_start(stream)
    text = decode_cut(start, stream.inner)
    delimiter = find_delimiter(text)
    header = read_header(text, delimiter, file.name)
    line, end, row = _find_header_row(start, delimiter)
    columns = find_position_columns(header, lon=lon, lat=lat, name=file.name)
    return BlockFile(
        stream=stream,
        delimiter=delimiter,
        newline=b"\r\n" if b"\r\n" in start[: start.find(b"\n") + 1] else b"\n",
        header=tuple(header),
        header_row=row,
        first=end,
        first_line=line,
        at=(header.index(columns[0]), header.index(columns[1])),
        settled=settle_position_crs(crs, datum, file.name),
    )


def read_blocks(file: BlockFile, *, start: int, first_line: int) -> Iterator[Block]:
    """Read the rows from a place on, which the header or another block ends at.

    Raises
    ------
    InvalidInput
        If a row is longer than 64 MiB, or its quotes make no sense.
    """
    content = b""
    for fresh in _lengthen(file.stream.open(start)):
        content = content + fresh if fresh else _end_row(content, file.newline)
        is_last = not fresh
        if not content or (len(content) < _BLOCK_BYTES and not is_last):
            continue
        is_even = is_regular(content, file.delimiter, is_last=is_last)
        cut = len(content) if is_last else _find_cut(content, file, is_even, first_line)
        if cut:
            start += cut
            yield Block(content[:cut], start, first_line, is_even)
            first_line += content.count(b"\n", 0, cut)
            content = content[cut:]
        elif len(content) > _LONGEST_ROW_BYTES:
            raise InvalidInput(
                f"{file.name}: the row at line {first_line} is longer than 64 MiB; correct its "
                "quotes"
            )


def locate_block(file: BlockFile, block: Block) -> BlockRows:
    """Find the rows of a block and their positions.

    Raises
    ------
    InvalidInput
        If a row has more or fewer cells than the header, or its quotes make no sense; the line is
        named.
    """
    content = block.content
    if block.is_regular:
        starts, ends = _find_regular_rows(content)
        if (starts == ends).any():
            content = _drop_blank_lines(content, starts, ends)
            starts, ends = _find_regular_rows(content)
        numbers = _read_regular_numbers(file, content) if len(starts) else _read_no_numbers()
        if numbers is not None and len(numbers[0][0]) == len(starts):
            return BlockRows(content, starts, ends, _locate(file, numbers))
    content, starts, ends, cells = _read_odd_rows(file, block)
    texts = (pa.chunked_array([pa.array(column, pa.string())]) for column in cells)
    x, y = (parse_numbers(text, file.header[at]) for text, at in zip(texts, file.at, strict=True))
    return BlockRows(content, starts, ends, _locate(file, (x, y)))


def _read_start(stream: TextStream) -> bytes:
    start = b""
    for block in stream.open(0):
        start += block
        if len(start) >= _START_BYTES:
            break
    return start[:_START_BYTES]


def _lengthen(blocks: Iterator[bytes]) -> Iterator[bytes]:
    """Give blocks that are not empty, and then an empty one for the end."""
    yield from (block for block in blocks if block)
    yield b""


def _end_row(content: bytes, newline: bytes) -> bytes:
    return content if not content or content.endswith((b"\n", b"\r")) else content + newline


def _find_header_row(start: bytes, delimiter: str) -> tuple[int, int, bytes]:
    """Find the line behind the header row, from 1, its place, and the row without line end."""
    begin = 0
    for _, end, record in read_records(start, delimiter):
        if record:
            row = start[begin:end].rstrip(b"\r\n")
            return start.count(b"\n", 0, end) + 1, end, row
        begin = end
    raise AssertionError("the header was read before")


def _find_cut(content: bytes, file: BlockFile, is_even: bool, first_line: int) -> int:
    """Find how much of some content is whole rows."""
    if is_even:
        return find_last_end(content) + 1
    records = _read_records(file, content, first_line, is_last=False)
    return max((end for _, end, _ in records), default=0)


def _find_regular_rows(content: bytes) -> tuple[Places, Places]:
    """Find where the rows of regular content begin and end, blank ones too."""
    feeds = find_ends(content)
    starts = np.empty_like(feeds)
    starts[:1] = 0
    starts[1:] = feeds[:-1] + 1
    cells = np.frombuffer(content, np.uint8)
    has_return = (cells[feeds - 1] == ord("\r")) & (feeds > starts)
    return starts, feeds - has_return


def _drop_blank_lines(content: bytes, starts: Places, ends: Places) -> bytes:
    following = [*starts[1:].tolist(), len(content)]
    kept = np.flatnonzero(starts < ends)
    return b"".join(content[starts[k] : following[k]] for k in kept.tolist())


def _read_no_numbers() -> tuple[Numbers, Numbers]:
    return (np.empty(0), {}), (np.empty(0), {})


def _read_regular_numbers(file: BlockFile, content: bytes) -> tuple[Numbers, Numbers] | None:
    """Read the two columns of positions with Arrow; None where it finds the rows ragged."""
    try:
        columns = _read_columns(file, content, pa.float64())
    except pa.ArrowInvalid:
        columns = None
    if columns is not None:
        x, y = (column.to_numpy(zero_copy_only=False) for column in columns)
        known = sum(len(column) - column.null_count for column in columns)
        # Arrow reads "nan" and "inf" as numbers; here they are none
        if np.isfinite(x).sum() + np.isfinite(y).sum() == known:
            names = (file.header[at] for at in file.at)
            x_name, y_name = names
            return (x, check_numbers(x, x_name)), (y, check_numbers(y, y_name))
    try:
        columns = _read_columns(file, content, pa.binary())
    except pa.ArrowInvalid:
        return None
    x, y = (
        parse_numbers(_decode_cells(file, column), file.header[at])
        for column, at in zip(columns, file.at, strict=True)
    )
    return x, y


def _read_columns(
    file: BlockFile, content: bytes, kind: pa.DataType
) -> tuple[pa.ChunkedArray, pa.ChunkedArray]:
    wanted = [str(at) for at in file.at]
    table = pa_csv.read_csv(
        pa.BufferReader(content),
        read_options=pa_csv.ReadOptions(
            use_threads=False,
            block_size=len(content) + 1,
            column_names=[str(at) for at in range(len(file.header))],
        ),
        parse_options=pa_csv.ParseOptions(
            delimiter=file.delimiter, newlines_in_values=b'"' in content
        ),
        convert_options=pa_csv.ConvertOptions(
            include_columns=wanted,
            column_types=dict.fromkeys(wanted, kind),
            null_values=[""],
            check_utf8=False,
        ),
    )
    return table.column(0), table.column(1)


def _decode_cells(file: BlockFile, cells: pa.ChunkedArray) -> pa.ChunkedArray:
    decoded = [(cell or b"").decode(file.stream.inner) for cell in cells.to_pylist()]
    return pa.chunked_array([pa.array(decoded, pa.string())])


def _read_odd_rows(
    file: BlockFile, block: Block
) -> tuple[bytes, Places, Places, tuple[list[str], list[str]]]:
    """Read a block row by row: its content without blank lines, the rows, and the two columns."""
    kept: list[bytes] = []
    cells: tuple[list[str], list[str]] = ([], [])
    begin = 0
    for line, end, record in _read_records(file, block.content, block.first_line, is_last=True):
        if record and len(record) != len(file.header):
            raise InvalidInput(
                f"{file.name} line {line} has {len(record)} fields, the header has "
                f"{len(file.header)}; correct the line or quote the field"
            )
        if record:
            kept.append(block.content[begin:end])
            for column, at in zip(cells, file.at, strict=True):
                column.append(record[at].encode("latin-1").decode(file.stream.inner))
        begin = end
    lengths = np.array([len(row) for row in kept], np.int64)
    bare = np.array([len(row.rstrip(b"\r\n")) for row in kept], np.int64)
    starts = np.cumsum(lengths) - lengths
    return b"".join(kept), starts, starts + bare, cells


def _read_records(
    file: BlockFile, content: bytes, first_line: int, *, is_last: bool
) -> Iterator[tuple[int, int, list[str]]]:
    """Read rows one by one, each with its line in the file."""
    try:
        for line, end, record in read_records(content, file.delimiter, is_last=is_last):
            yield first_line + line, end, record
    except csv.Error as error:
        problem, line = error.args
        raise InvalidInput(
            f"{file.name}: the row at line {first_line + line} cannot be read ({problem}); "
            "correct its quotes"
        ) from error


def _locate(file: BlockFile, numbers: tuple[Numbers, Numbers]) -> Positions:
    x_at, y_at = file.at
    names = (file.header[x_at], file.header[y_at])
    return locate_rows(*numbers, columns=names, settled=file.settled)
