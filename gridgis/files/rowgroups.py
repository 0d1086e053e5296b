"""Row groups of a Parquet file that are made apart from each other and joined without decoding.

A Parquet file is a run of row groups and then a footer, which says where each begins. A row group
made by itself, in any thread or process, is therefore appended as it is; the footer of the whole is
written last, from the footers of the parts with the places moved.
"""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from gridgis.files import thrift

MAGIC = b"PAR1"
_LENGTH_BYTES = 4
_SAMPLE_CELLS = 1024

# fields of the structs in parquet.thrift of the Apache Parquet format
_FILE_ROWS, _FILE_GROUPS = 3, 4
_GROUP_COLUMNS, _GROUP_PLACE, _GROUP_ORDINAL = 1, 5, 7
_COLUMN_PLACE, _COLUMN_METADATA = 2, 3
_PAGE_PLACES = (9, 10, 11)


@dataclass(frozen=True)
class RowGroups:
    """Rows as they stand in a Parquet file.

    `body` holds the encoded pages, `footer` their description with places counted from where a file
    begins whose magic number is followed by `body`.
    """

    body: memoryview
    footer: bytes


def encode_rows(table: pa.Table) -> RowGroups:
    """Encode the rows of a table as one row group, or none where there are no rows."""
    sink = pa.BufferOutputStream()
    _write(table, sink)
    content = memoryview(sink.getvalue())
    footer_start = len(content) - len(MAGIC) - _LENGTH_BYTES - _footer_length(content)
    footer = bytes(content[footer_start : -len(MAGIC) - _LENGTH_BYTES])
    return RowGroups(content[len(MAGIC) : footer_start], footer)


def join_footers(schema: pa.Schema, parts: Iterable[tuple[int, bytes]]) -> bytes:
    """Write what ends a file whose row groups have been appended one after the other.

    Parameters
    ----------
    schema
        Of the file, with its metadata; a column may be text here that was encoded from a
        dictionary, which is the same in the pages.
    parts
        For each part the place in the file where its body begins, and its footer.

    Returns
    -------
    ending
        The last bytes of the file.
    """
    whole = thrift.read_struct(encode_rows(schema.empty_table()).footer)
    groups: list[thrift.Struct] = []
    rows = 0
    for place, footer in parts:
        part = thrift.read_struct(footer)
        rows += part[_FILE_ROWS][1]
        for group in part[_FILE_GROUPS][1][1]:
            groups.append(_move_group(group, place - len(MAGIC), ordinal=len(groups)))
    whole[_FILE_ROWS] = (thrift.I64, rows)
    whole[_FILE_GROUPS] = (thrift.LIST, (thrift.STRUCT, groups))
    footer = thrift.write_struct(whole)
    return footer + len(footer).to_bytes(_LENGTH_BYTES, "little") + MAGIC


def _write(table: pa.Table, sink: pa.BufferOutputStream) -> None:
    repeating = [name for name in table.column_names if _is_repeating(table.column(name))]
    with pq.ParquetWriter(sink, table.schema, use_dictionary=repeating) as writer:
        if table.num_rows:
            writer.write_table(table, row_group_size=table.num_rows)


def _is_repeating(cells: pa.ChunkedArray) -> bool:
    """Whether half the cells of a sample repeat; else a dictionary costs time for nothing."""
    if pa.types.is_dictionary(cells.type) or pa.types.is_nested(cells.type) or not len(cells):
        return True
    picked = np.linspace(0, len(cells) - 1, _SAMPLE_CELLS).astype(np.int64)
    try:
        return len(pc.unique(cells.take(pa.array(picked)))) * 2 < _SAMPLE_CELLS
    except pa.ArrowNotImplementedError:  # a kind of cells that cannot be compared
        return True


def _footer_length(content: memoryview) -> int:
    return int.from_bytes(content[-len(MAGIC) - _LENGTH_BYTES : -len(MAGIC)], "little")


def _move_group(group: thrift.Struct, by: int, *, ordinal: int) -> thrift.Struct:
    """Return the description of a row group that lies `by` bytes further on."""
    kind, columns = group[_GROUP_COLUMNS][1]
    moved = group | {_GROUP_COLUMNS: (thrift.LIST, (kind, [_move_column(c, by) for c in columns]))}
    _move_places(moved, (_GROUP_PLACE,), by)
    # a 16-bit number, which a file of more groups leaves out
    if _GROUP_ORDINAL in moved:
        if ordinal < 1 << 15:
            moved[_GROUP_ORDINAL] = (thrift.I16, ordinal)
        else:
            del moved[_GROUP_ORDINAL]
    return moved


def _move_column(column: thrift.Struct, by: int) -> thrift.Struct:
    kind, pages = column[_COLUMN_METADATA]
    pages = dict(pages)
    _move_places(pages, _PAGE_PLACES, by)
    moved = column | {_COLUMN_METADATA: (kind, pages)}
    _move_places(moved, (_COLUMN_PLACE,), by)
    return moved


def _move_places(struct: thrift.Struct, fields: tuple[int, ...], by: int) -> None:
    for field in fields:
        if field in struct:
            kind, place = struct[field]
            # 0 stands for a place that is not given
            struct[field] = (kind, place + by if place else place)
