"""Points of a table → grids of stated editions; every row and column kept, in order.

A table passes in chunks, so that its size does not matter: one thread reads and writes, others find
the grids. What is written grows in ``<output>.partial`` and takes its place when it is whole; the
same run after a kill goes on behind the last chunk that is safely there.
"""

import base64
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from gridgis import __version__
from gridgis.errors import Conflict, InvalidInput
from gridgis.files import blockcells, blocks, parquet
from gridgis.files.blocks import Block, BlockFile
from gridgis.files.parquet import PointChunk, PointFile
from gridgis.files.partial import CHECKPOINT_S, Bytes, Note, PartialFile, growing
from gridgis.files.positions import Positions
from gridgis.files.rowgroups import MAGIC, encode_rows, join_footers
from gridgis.files.source import check_file
from gridgis.services.catalogue import open_edition
from gridgis.services.pipeline import count_cores, map_in_order
from gridgis.services.snapshot import Snapshot
from gridgis.spatial.index import GridIndex

_PARQUET_SUFFIXES = (".parquet", ".geoparquet", ".pq")
_TABLE_SUFFIXES = (".csv", ".tsv", ".txt")

Indexes = Mapping[str, GridIndex]
Progress = Callable[[float], None]
"""Takes the share of the work that is done, 0 to 1."""


@dataclass(frozen=True)
class PositionColumns:
    """Which columns hold the position, and in which CRS or datum; None is found or WGS84."""

    lon: str | None = None
    lat: str | None = None
    crs: str | None = None
    datum: str | None = None


@dataclass(frozen=True)
class Assigned:
    """How many rows there were, how many found a grid by layer, and how many had no position."""

    rows: int
    found: Mapping[str, int]
    rejects: int


@dataclass(frozen=True)
class Piece:
    """What becomes of one chunk.

    Attributes
    ----------
    rows, found
        Rows of the chunk, and how many of them are in a grid of each layer.
    body
        What is appended to the output.
    rejects
        (row from 1 in the chunk, line of the list of rejects behind the row's number).
    end
        Where reading goes on, in the reader's own measure.
    footer
        Of a row group.
    """

    rows: int
    found: Sequence[int]
    body: Sequence[Bytes]
    rejects: Sequence[tuple[int, bytes]]
    end: Any
    footer: bytes = field(default=b"", repr=False)


def assign_file(
    snapshot: Snapshot,
    source: Path,
    output: Path,
    *,
    layers: Sequence[str],
    at: datetime,
    columns: PositionColumns,
    encoding: str | None = None,
    show_progress: Progress = lambda _: None,
    checkpoint_s: float = CHECKPOINT_S,
) -> Assigned:
    """Add ``<layer>_grid`` for each layer to a CSV or Parquet file, by the edition in force then.

    The output has every row and column of the input, in order; the new cells are empty where no
    grid covers the point. Rows without a usable position are kept too, and listed with the reason
    in ``<output>.rejects.csv``, which is removed when there are none.

    Raises
    ------
    InvalidInput
        If the file cannot be used, or already has such a column.
    NotFound
        If there is no such layer, or no edition in force at `at`.
    Conflict
        If another run writes the same output, or the file changes meanwhile.
    """
    indexes = open_indexes(snapshot, layers, at=at)
    is_parquet = check_names(source, output)
    identity = {
        "made by": [__version__, pa.__version__],
        "input": _describe_state(source),
        "layers": [(layer, index.digest) for layer, index in indexes.items()],
        "columns": asdict(columns),
        "encoding": encoding,
    }
    with growing(
        output, rejects_path(output), identity=identity, checkpoint_s=checkpoint_s
    ) as partial:
        if is_parquet:
            with parquet.open_points(source, **asdict(columns)) as points:
                assigned = _grow_parquet(partial, points, indexes, show_progress)
        else:
            table = blocks.open_blocks(source, encoding=encoding, **asdict(columns))
            assigned = _grow_table(partial, table, indexes, show_progress)
        if _describe_state(source) != identity["input"]:
            raise Conflict(f"{source.name} was changed while it was read; run this again")
    return assigned


def open_indexes(
    snapshot: Snapshot, layers: Sequence[str], *, at: datetime
) -> dict[str, GridIndex]:
    """Open the index of each layer's edition in force at `at`.

    Raises
    ------
    NotFound
        If there is no such layer, or no edition in force.
    """
    return {layer: open_edition(snapshot, layer, at=at).index for layer in layers}


def check_names(source: Path, output: Path) -> bool:
    """Return whether a file is Parquet, after its output was found to be named as it is.

    Raises
    ------
    InvalidInput
        If there is no such file, it is the output, or of another kind.
    """
    if source.resolve() == output.resolve():
        raise InvalidInput(f"{output} is the input itself; name another file with -o")
    is_parquet = parquet.is_parquet(source)
    if is_parquet and output.suffix.lower() in _TABLE_SUFFIXES:
        raise InvalidInput(f"{source.name} is Parquet; name the output {output.stem}.parquet")
    if not is_parquet and output.suffix.lower() in _PARQUET_SUFFIXES:
        raise InvalidInput(f"{source.name} is a table of text; name the output {output.stem}.csv")
    return is_parquet


def name_column(layer: str) -> str:
    """Return the name of the column that holds a layer's grid."""
    return f"{layer}_grid"


def rejects_path(output: Path) -> Path:
    """Return where the rows without a usable position are listed."""
    return output.with_name(f"{output.name}.rejects.csv")


def assign_chunk(
    points: PointFile, chunk: PointChunk, indexes: Indexes
) -> tuple[Piece, dict[str, NDArray[np.int32]]]:
    """Find the grids of some rows of Parquet; also by layer their numbers, -1 for none."""
    positions = points.locate(chunk)
    numbers, found = _locate(indexes, positions)
    columns = {name_column(layer): (indexes[layer].codes, numbers[layer]) for layer in indexes}
    encoded = encode_rows(parquet.append_codes(chunk.rows, columns))
    rejects = [
        (row - chunk.first_row + 1, line) for row, line in parquet.prepare_rejects(chunk, positions)
    ]
    rows = chunk.rows.num_rows
    end = chunk.first_row + rows
    return Piece(rows, found, [encoded.body], rejects, end, encoded.footer), numbers


def number_rejects(piece: Piece, rows_before: int, delimiter: str = ",") -> bytes:
    """Write the lines of the list of rejects, with the numbers of rows in the file."""
    return b"".join(
        f"{rows_before + row}{delimiter}".encode() + line for row, line in piece.rejects
    )


def describe_piece(piece: Piece, *, place: int) -> Note:
    """Make the note of a piece that begins at a place of the output, fit for JSON."""
    return {
        "rows": piece.rows,
        "found": list(piece.found),
        "rejects": len(piece.rejects),
        "end": piece.end,
        "place": place,
        "footer": base64.b64encode(piece.footer).decode(),
    }


def sum_notes(notes: Sequence[Note], layers: Iterable[str]) -> Assigned:
    """Add up the notes of all pieces."""
    found = {
        layer: sum(note["found"][position] for note in notes if note["rows"])
        for position, layer in enumerate(layers)
    }
    rows, rejects = (sum(note[what] for note in notes) for what in ("rows", "rejects"))
    return Assigned(rows, found, rejects)


def end_parquet(schema: pa.Schema, notes: Sequence[Note]) -> bytes:
    """Write the last bytes of a Parquet file whose pieces have been written."""
    parts = [(note["place"], base64.b64decode(note["footer"])) for note in notes if note["footer"]]
    return join_footers(schema, parts)


def _grow_parquet(
    partial: PartialFile, points: PointFile, indexes: Indexes, show_progress: Progress
) -> Assigned:
    names = [name_column(layer) for layer in indexes]
    schema = parquet.check_new_columns(points.schema, names, points.name)
    manner = _Manner(start=MAGIC, first=1, rejects=parquet.prepare_rejects_header(points.schema))

    def make_pieces(first_row: int) -> Iterator[Piece]:
        return map_in_order(
            lambda chunk: assign_chunk(points, chunk, indexes)[0],
            points.read_chunks(first_row=first_row),
            threads=count_cores(),
        )

    notes = _append_pieces(
        partial,
        make_pieces,
        manner,
        lambda row: show_progress((row - 1) / max(points.row_count, 1)),
    )
    partial.append([end_parquet(schema, notes)], None)
    return sum_notes(notes, indexes)


def _grow_table(
    partial: PartialFile, table: BlockFile, indexes: Indexes, show_progress: Progress
) -> Assigned:
    header = blockcells.prepare_header(table, [name_column(layer) for layer in indexes])
    manner = _Manner(
        start=table.stream.to_file(header, is_first=True),
        first=(table.first, table.first_line),
        rejects=blockcells.prepare_rejects_header(table),
        delimiter=table.delimiter,
        to_file=table.stream.to_file,
    )
    cells = {
        layer: blockcells.prepare_cells(table, [*index.codes, None])
        for layer, index in indexes.items()
    }
    size = max(table.stream.path.stat().st_size, 1)

    def make_pieces(end: tuple[int, int]) -> Iterator[Piece]:
        return map_in_order(
            lambda block: _assign_block(table, block, indexes, cells),
            blocks.read_blocks(table, start=end[0], first_line=end[1]),
            threads=count_cores(),
        )

    notes = _append_pieces(
        partial, make_pieces, manner, lambda end: show_progress(min(end[0] / size, 1))
    )
    return sum_notes(notes, indexes)


@dataclass(frozen=True)
class _Manner:
    """How an output is written: its first bytes, where reading begins, and its list of rejects."""

    start: bytes
    first: Any
    rejects: bytes
    delimiter: str = ","
    to_file: Callable[..., bytes] = lambda content, **_: content


def _append_pieces(
    partial: PartialFile,
    make_pieces: Callable[[Any], Iterator[Piece]],
    manner: _Manner,
    show_end: Callable[[Any], None],
) -> list[Note]:
    """Append what is not there yet; returns the notes of all pieces, the start being one."""
    notes = list(partial.notes)
    if not notes:
        notes.append(describe_piece(Piece(0, (), (), (), manner.first), place=0))
        partial.append([manner.start], notes[0])
    rows, rejects = (sum(note[what] for note in notes) for what in ("rows", "rejects"))
    for piece in make_pieces(notes[-1]["end"]):
        lines = number_rejects(piece, rows, manner.delimiter)
        is_first = not rejects
        if lines:
            lines = manner.to_file(manner.rejects * is_first + lines, is_first=is_first)
        notes.append(describe_piece(piece, place=partial.size))
        partial.append(piece.body, notes[-1], rejects=lines)
        rows += piece.rows
        rejects += len(piece.rejects)
        show_end(piece.end)
    return notes


def _assign_block(
    table: BlockFile, block: Block, indexes: Indexes, cells: Mapping[str, pa.Array]
) -> Piece:
    rows = blocks.locate_block(table, block)
    numbers, found = _locate(indexes, rows.positions)
    # the cell behind those of the codes is empty, for rows in no grid
    which = {
        layer: np.where(of_layer < 0, np.int32(len(indexes[layer])), of_layer)
        for layer, of_layer in numbers.items()
    }
    body = blockcells.join_cells(
        table, rows, {name_column(layer): (cells[layer], which[layer]) for layer in indexes}
    )
    return Piece(
        rows=len(rows.starts),
        found=found,
        body=_encode(table, body),
        rejects=blockcells.prepare_rejects(table, rows),
        end=(block.end, block.first_line + block.content.count(b"\n")),
    )


def _encode(table: BlockFile, body: Sequence[Bytes]) -> Sequence[Bytes]:
    if table.stream.inner == table.stream.encoding:
        return body
    return [table.stream.to_file(b"".join(body))]


def _locate(
    indexes: Indexes, positions: Positions
) -> tuple[dict[str, NDArray[np.int32]], list[int]]:
    numbers = {
        layer: index.locate_many(positions.lon, positions.lat) for layer, index in indexes.items()
    }
    return numbers, [int((of_layer >= 0).sum()) for of_layer in numbers.values()]


def _describe_state(path: Path) -> dict[str, Any]:
    state = check_file(path).stat()
    return {"path": str(path.resolve()), "bytes": state.st_size, "changed_ns": state.st_mtime_ns}
