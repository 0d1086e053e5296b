"""CSV and TSV tables, whose cells are text exactly as they stand and are written back unchanged."""

import csv
import io
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any, TextIO

import pandas as pd
import pyarrow as pa
import pyarrow.csv as pa_csv

from gridgis.errors import InvalidInput
from gridgis.files.encoding import decode
from gridgis.files.output import replacing
from gridgis.files.parquet import read_as_text
from gridgis.files.positions import (
    Positions,
    find_position_columns,
    locate_rows,
    parse_numbers,
    settle_position_crs,
)
from gridgis.files.source import Source, find_kind, open_source

__all__ = [
    "Positions",
    "Table",
    "add_columns",
    "read_positions",
    "read_table",
    "write_rejects",
    "write_table",
]

_DELIMITERS = (",", ";", "\t")
_SNIFFED_ROWS = 20
_SNIFFED_CHARACTERS = 1 << 20
_BLOCK_BYTES = 16 << 20
_WRITTEN_ROWS = 50_000
_FORMULA_STARTS = tuple("=+-@\t\r\n＝＋－＠")


@dataclass(frozen=True)
class Table:
    """A table of text.

    Attributes
    ----------
    rows
        n rows of str cells as they stand in the file, '' for an empty one; columns in the order of
        the header; index = row numbers from 1, the header not counted.
    encoding, delimiter, newline
        As found in the file, to write another like it.
    name, digest
        The file's name, and the SHA-256 of its bytes.
    """

    rows: pd.DataFrame
    encoding: str
    delimiter: str
    newline: str
    name: str
    digest: str


def read_table(path: str | Path, *, encoding: str | None = None) -> Table:
    """Read a CSV or TSV file, or the flat columns of a Parquet file as text.

    Parameters
    ----------
    path
        Fields are separated by comma, semicolon or tab, whichever fits the first rows. The first
        row names the columns. Blank lines are not rows.
    encoding
        Else a byte order mark, UTF-8 or GB18030.

    Raises
    ------
    InvalidInput
        If the file is missing, empty, not a table or not plainly of one encoding; if a row has more
        or fewer fields than the header (names the line), or two columns have one name.
    """
    source = open_source(path)
    _refuse_other_kinds(source)
    if find_kind(source.content) == "parquet":
        return Table(read_as_text(source), "utf-8", ",", "\n", source.name, source.digest)
    text, found = decode(source.content, source.name, encoding)
    if "\0" in text:
        line = text.count("\n", 0, text.index("\0")) + 1
        raise InvalidInput(f"{source.name} line {line} has a NUL byte; save the table as UTF-8 CSV")
    # the whole is read once, by Arrow; a copy of it for each look at its start would be slow
    start = text[:_SNIFFED_CHARACTERS]
    delimiter = _find_delimiter(start)
    header = _read_header(start, delimiter, source.name)
    rows = _read_rows(text, header, delimiter, source.name)
    newline = "\r\n" if "\r\n" in text[: text.find("\n") + 1] else "\n"
    return Table(rows, found, delimiter, newline, source.name, source.digest)


def read_positions(
    table: Table,
    *,
    lon: str | None = None,
    lat: str | None = None,
    crs: str | None = None,
    datum: str | None = None,
) -> Positions:
    """Read the position of each row.

    Parameters
    ----------
    table
        n rows.
    lon, lat
        Columns of lon and lat, or of x and y when `crs` is given; guessed where one pair is plain.
    crs
        ``EPSG:n`` of the numbers; WGS84 degrees without it.
    datum
        ``gcj02`` or ``bd09`` for degrees that are shifted so; ``wgs84`` for none.

    Returns
    -------
    positions
        A cell that is no number, or a position out of range, is a reason, not an error.

    Raises
    ------
    InvalidInput, CrsError
        If the columns, the CRS or the datum are not settled.
    """
    names = [str(name) for name in table.rows.columns]
    columns = find_position_columns(names, lon=lon, lat=lat, name=table.name)
    settled = settle_position_crs(crs, datum, table.name)
    x, y = (parse_numbers(_to_arrow(table.rows[column]), column) for column in columns)
    return locate_rows(x, y, columns=columns, settled=settled)


def add_columns(table: Table, columns: Mapping[str, Sequence[str | None]]) -> pd.DataFrame:
    """Return the rows of a table with columns of ours behind them.

    Parameters
    ----------
    table
        n rows.
    columns
        n cells each; None becomes ''.

    Raises
    ------
    InvalidInput
        If the table has a column of that name already.
    """
    for name in columns:
        if name in table.rows.columns:
            raise InvalidInput(f"{table.name} has a column {name!r} already; rename it")
    added = {
        name: pd.Series(
            ["" if cell is None else cell for cell in cells], table.rows.index, dtype=object
        )
        for name, cells in columns.items()
    }
    return table.rows.assign(**added)


def write_table(path: str | Path, rows: pd.DataFrame, *, like: Table) -> None:
    """Write rows as a table is written: its delimiter, encoding and line ends; whole or not at all.

    Parameters
    ----------
    path
        The file to write or replace.
    rows
        Text cells. Those of columns that `like` has are written unchanged; those of other columns
        are ours, and get an apostrophe where a spreadsheet would take them for a formula.
    like
        The table that was read.

    Raises
    ------
    InvalidInput
        If the file cannot be written, or a cell is not in the encoding.
    """
    _write(
        path, rows, ours=[name for name in rows.columns if name not in like.rows.columns], like=like
    )


def write_rejects(
    path: str | Path,
    reasons: Iterable[tuple[int, str]],
    rows: pd.DataFrame,
    *,
    like: Table | None = None,
) -> None:
    """Write rejected rows: ``row`` (from 1, without the header), ``reason``, then their columns.

    Parameters
    ----------
    path
        The file to write or replace.
    reasons
        (row, reason), one of each rejected row.
    rows
        Text cells by row number; others than the rejected may be among them.
    like
        The table that was read; without it the file is UTF-8 with commas.

    Raises
    ------
    InvalidInput
        If the file cannot be written.
    """
    listed = list(reasons)
    numbers = [row for row, _ in listed]
    rejected = rows.loc[numbers].reset_index(drop=True)
    rejected.insert(0, "reason", [reason for _, reason in listed], allow_duplicates=True)
    rejected.insert(0, "row", [str(row) for row in numbers], allow_duplicates=True)
    _write(path, rejected, ours=[], like=like)


def _refuse_other_kinds(source: Source) -> None:
    match find_kind(source.content):
        case "zip":
            way_out = "a zip archive or a spreadsheet; save the sheet as CSV"
        case "html":
            way_out = "a web page; download the table itself"
        case "json" | "xml" | "sqlite" | "shapefile":
            way_out = "not a table; a CSV file is needed"
        case _:
            return
    raise InvalidInput(f"{source.name} is {way_out}")


def _find_delimiter(start: str) -> str:
    """Choose the delimiter that splits the first rows into the most fields, as many in each."""
    best, most = ",", 1
    for delimiter in _DELIMITERS:
        records = csv.reader(io.StringIO(start, newline=""), delimiter=delimiter)
        try:
            widths = [len(record) for record in islice(records, _SNIFFED_ROWS) if record]
        except csv.Error:
            continue
        width = widths[0] if widths else 0
        # one ragged row must not turn the choice; it is refused by its line later
        if width > most and 2 * widths.count(width) > len(widths):
            best, most = delimiter, width
    return best


def _read_header(start: str, delimiter: str, name: str) -> list[str]:
    records = csv.reader(io.StringIO(start, newline=""), delimiter=delimiter)
    try:
        header = next((record for record in records if record), None)
    except csv.Error as error:
        raise InvalidInput(f"{name}: its header cannot be read ({error})") from error
    if header is None:
        raise InvalidInput(f"{name} has no header; the first row names the columns")
    doubled = [column for column in header if header.count(column) > 1]
    if doubled:
        raise InvalidInput(f"{name} has two columns {doubled[0]!r}; rename one")
    return header


def _read_rows(text: str, header: list[str], delimiter: str, name: str) -> pd.DataFrame:
    """Read all rows at once with Arrow, after what Arrow would let pass was refused."""
    if '"' in text:
        _check_records(text, header, delimiter, name)
    whole = text if text.endswith("\n") else text + "\n"
    try:
        table = pa_csv.read_csv(
            pa.BufferReader(whole.encode()),
            read_options=pa_csv.ReadOptions(block_size=_BLOCK_BYTES),
            parse_options=pa_csv.ParseOptions(delimiter=delimiter, newlines_in_values=True),
            convert_options=pa_csv.ConvertOptions(
                column_types=dict.fromkeys(header, pa.string()),
                strings_can_be_null=False,
                quoted_strings_can_be_null=False,
            ),
        )
    except pa.ArrowInvalid as error:
        _check_records(text, header, delimiter, name)
        raise InvalidInput(f"{name} cannot be read as a table; save it as CSV again") from error
    rows: pd.DataFrame = table.to_pandas()
    return rows.set_index(pd.RangeIndex(1, len(rows) + 1))


def _check_records(text: str, header: list[str], delimiter: str, name: str) -> None:
    """Refuse, by its line, a ragged row or a quote that is not closed.

    Arrow names no line for the first and takes the second for a cell that holds all that follows.
    """
    records = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    line = 1
    try:
        for record in records:
            if record and len(record) != len(header):
                raise InvalidInput(
                    f"{name} line {records.line_num} has {len(record)} fields, the header has "
                    f"{len(header)}; correct the line or quote the field"
                )
            line = records.line_num + 1
    except csv.Error as error:
        raise InvalidInput(
            f"{name}: the row at line {line} cannot be read ({error}); correct its quotes"
        ) from error


def _to_arrow(column: pd.Series) -> pa.ChunkedArray:
    array = pa.Array.from_pandas(column, type=pa.large_string())
    return array if isinstance(array, pa.ChunkedArray) else pa.chunked_array([array])


def _write(path: str | Path, rows: pd.DataFrame, *, ours: list[Any], like: Table | None) -> None:
    encoding, delimiter, newline = ("utf-8", ",", "\n")
    if like is not None:
        encoding, delimiter, newline = like.encoding, like.delimiter, like.newline
    with replacing(path) as temporary:
        try:
            with temporary.open("w", encoding=encoding, newline="") as file:
                lines = _Lines(file, newline)
                writer = csv.writer(lines, delimiter=delimiter, lineterminator=_Lines.ASKED)
                writer.writerow(rows.columns)
                writer.writerows(_walk(rows, ours))
        except UnicodeEncodeError as error:
            culprit = error.object[error.start : error.end]
            raise InvalidInput(
                f"{path}: {culprit!r} cannot be written as {encoding}; save the input as UTF-8"
            ) from error


class _Lines:
    """A file that ends its lines as asked.

    A `csv.writer` quotes a cell with a line break only where the break is part of its own line end,
    so it is told to end lines with both characters, and they are exchanged here.
    """

    ASKED = "\r\n"

    def __init__(self, file: TextIO, newline: str) -> None:
        self._file, self._newline = file, newline

    def write(self, line: str) -> None:
        """Write one whole line, which ends as `ASKED`."""
        self._file.write(line.removesuffix(self.ASKED) + self._newline)


def _walk(rows: pd.DataFrame, ours: list[Any]) -> Iterator[tuple[str, ...]]:
    """Give the cells row by row, a part of the table in memory at a time."""
    for start in range(0, len(rows), _WRITTEN_ROWS):
        part = rows.iloc[start : start + _WRITTEN_ROWS]
        columns = []
        for position, name in enumerate(part.columns):
            cells = part.iloc[:, position].tolist()
            columns.append([_guard(cell) for cell in cells] if name in ours else cells)
        yield from zip(*columns, strict=True)


def _guard(cell: str) -> str:
    """Keep a spreadsheet from taking a cell for a formula; a plain number is none."""
    if not cell.startswith(_FORMULA_STARTS):
        return cell
    digits = cell[1:] if cell[0] in "+-" else cell
    return cell if digits.replace(".", "", 1).isdecimal() else "'" + cell
