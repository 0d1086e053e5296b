"""Cells of ours behind the rows of a table of text, and its list of rejected rows.

The bytes of a row are never taken apart and put together again: they are copied, and what is ours
follows them.
"""

from collections.abc import Mapping, Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from gridgis.errors import InvalidInput
from gridgis.files.blocks import BlockFile, BlockRows
from gridgis.files.tabular import guard


def prepare_cells(file: BlockFile, codes: Sequence[str | None]) -> pa.Array:
    """Make the n cells that codes of ours become behind a row; None becomes an empty cell.

    A cell that a spreadsheet would take for a formula gets an apostrophe. One that is not in the
    encoding of the file is null.
    """
    cells = [_make_cell(file, "" if code is None else guard(code)) for code in codes]
    return pa.array(cells, pa.large_binary())


def prepare_header(file: BlockFile, names: Sequence[str]) -> bytes:
    """Make the header row with columns of ours behind it.

    Raises
    ------
    InvalidInput
        If the table has a column of that name already, or a name is not in its encoding.
    """
    row = file.header_row
    for name in names:
        if name in file.header:
            raise InvalidInput(f"{file.name} has a column {name!r} already; rename it")
        cell = _make_cell(file, name)
        if cell is None:
            raise _refuse_characters(file, name)
        row += cell
    return row + file.newline


def join_cells(
    file: BlockFile, rows: BlockRows, columns: Mapping[str, tuple[pa.Array, NDArray[np.int32]]]
) -> list[memoryview]:
    """Write the rows with cells of ours behind them.

    Parameters
    ----------
    rows
        n rows.
    columns
        By name: cells of `prepare_cells`, and which of them each row has, (n,).

    Raises
    ------
    InvalidInput
        If a cell is not in the encoding of the file.
    """
    if not len(rows.starts):
        return []
    # each piece begins with the line end of the row before it, so that all bytes are in one
    offsets = np.concatenate([rows.starts[:1], rows.ends])
    buffers = [None, pa.py_buffer(offsets), pa.py_buffer(rows.content)]
    pieces = pa.Array.from_buffers(pa.large_binary(), len(rows.starts), buffers)
    cells = [prepared.take(pa.array(which)) for prepared, which in columns.values()]
    for name, column in zip(columns, cells, strict=True):
        if column.null_count:
            raise _refuse_characters(file, f"a code of {name}")
    joined = pc.binary_join_element_wise(pieces, *cells, pa.scalar(b"", pa.large_binary()))
    first, last = np.frombuffer(joined.buffers()[1], np.int64)[[0, len(joined)]]
    return [
        memoryview(joined.buffers()[2])[first:last],
        memoryview(rows.content)[rows.ends[-1] :],
    ]


def prepare_rejects_header(file: BlockFile) -> bytes:
    """Make the header of the list of rejected rows."""
    start = file.delimiter.join(["row", "reason", ""]).encode()
    return start + file.header_row + file.newline


def prepare_rejects(file: BlockFile, rows: BlockRows) -> list[tuple[int, bytes]]:
    """Give the rows without a usable position: their number from 1 in the block, and a line.

    The line begins with the reason and has a line end.
    """
    return [
        (
            number,
            _quote(file, reason).encode(file.stream.inner, "replace")
            + file.delimiter.encode()
            + rows.row(number - 1)
            + file.newline,
        )
        for number, reason in rows.positions.reasons
    ]


def _make_cell(file: BlockFile, text: str) -> bytes | None:
    try:
        text.encode(file.stream.encoding)
        return (file.delimiter + _quote(file, text)).encode(file.stream.inner)
    except UnicodeEncodeError:
        return None


def _quote(file: BlockFile, text: str) -> str:
    if any(character in text for character in (file.delimiter, '"', "\r", "\n")):
        return '"' + text.replace('"', '""') + '"'
    return text


def _refuse_characters(file: BlockFile, what: str) -> InvalidInput:
    return InvalidInput(
        f"{file.name}: {what} cannot be written as {file.stream.encoding}; save the input as UTF-8"
    )
