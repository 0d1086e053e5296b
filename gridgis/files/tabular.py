"""CSV and TSV tables, whose cells are text exactly as they stand and are written back unchanged."""

import csv
import io
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.csv as pa_csv

from gridgis.errors import InvalidInput
from gridgis.files.encoding import decode
from gridgis.files.parquet import read_as_text
from gridgis.files.positions import (
    Positions,
    find_position_columns,
    locate_rows,
    parse_numbers,
    settle_position_crs,
)
from gridgis.files.source import find_kind, open_source

__all__ = [
    "Positions",
    "Table",
    "find_delimiter",
    "guard",
    "read_header",
    "read_positions",
    "read_table",
    "refuse_other_kinds",
]

_DELIMITERS = (",", ";", "\t")
_SNIFFED_ROWS = 20
_SNIFFED_CHARACTERS = 1 << 20
_BLOCK_BYTES = 16 << 20
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
    refuse_other_kinds(source.content, source.name)
    if find_kind(source.content) == "parquet":
        return Table(read_as_text(source), "utf-8", ",", "\n", source.name, source.digest)
    text, found = decode(source.content, source.name, encoding)
    if "\0" in text:
        line = text.count("\n", 0, text.index("\0")) + 1
        raise InvalidInput(f"{source.name} line {line} has a NUL byte; save the table as UTF-8 CSV")
    # the whole is read once, by Arrow; a copy of it for each look at its start would be slow
    start = text[:_SNIFFED_CHARACTERS]
    delimiter = find_delimiter(start)
    header = read_header(start, delimiter, source.name)
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


def refuse_other_kinds(start: bytes, name: str) -> None:
    """Refuse what its first bytes tell is no table, and say what to do instead.

    Raises
    ------
    InvalidInput
        If it is empty, or of such a kind.
    """
    match find_kind(start):
        case "zip":
            way_out = "a zip archive or a spreadsheet; save the sheet as CSV"
        case "html":
            way_out = "a web page; download the table itself"
        case "json" | "xml" | "sqlite" | "shapefile":
            way_out = "not a table; a CSV file is needed"
        case _ if not start:
            way_out = "empty"
        case _:
            return
    raise InvalidInput(f"{name} is {way_out}")


def find_delimiter(start: str) -> str:
    """Choose the delimiter that splits the first rows of a text into the most fields."""
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


def read_header(start: str, delimiter: str, name: str) -> list[str]:
    """Read the names of the columns from the start of a text.

    Raises
    ------
    InvalidInput
        If there is no row, it cannot be read, or two columns have one name.
    """
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


def guard(cell: str) -> str:
    """Keep a spreadsheet from taking a cell for a formula; a plain number is none."""
    if not cell.startswith(_FORMULA_STARTS):
        return cell
    digits = cell[1:] if cell[0] in "+-" else cell
    return cell if digits.replace(".", "", 1).isdecimal() else "'" + cell
