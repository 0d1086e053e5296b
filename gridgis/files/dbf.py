"""The attribute table of a shapefile: whether it is whole, and the encoding of its text."""

import struct
from collections.abc import Mapping
from dataclasses import dataclass

import pyarrow as pa

from gridgis.errors import InvalidInput
from gridgis.files.encoding import check_encoding, decode_cut, is_in, is_plainly_gb18030

_FIELD_BYTES = 32
_FIELDS_END = ord("\r")
_WIDTH_BYTE = 16
_LANGUAGE_BYTE = 29
_DELETED = ord("*")
# dBASE's language byte for the encodings that gridgis meets; 0x57 means whatever the machine used
_LANGUAGES = {0x4D: "gb18030", 0x7A: "gb18030", 0x78: "big5", 0x7B: "cp932", 0x79: "cp949"}
_CODE_PAGES = {
    "936": "gb18030",
    "54936": "gb18030",
    "950": "big5",
    "65001": "utf-8",
    "88591": "latin-1",
}


def read_deleted(dbf: bytes, name: str) -> list[bool]:
    """Read which rows are marked as deleted; GDAL leaves those out.

    Raises
    ------
    InvalidInput
        If the table is cut off.
    """
    if len(dbf) <= _FIELD_BYTES:
        raise InvalidInput(f"{name}: its .dbf is cut off; fetch it again")
    rows, header_bytes, row_bytes = struct.unpack("<IHH", dbf[4:12])
    if header_bytes + rows * row_bytes > len(dbf):
        raise InvalidInput(f"{name}: its .dbf is cut off before row {rows}; fetch it again")
    return [dbf[header_bytes + row * row_bytes] == _DELETED for row in range(rows)]


@dataclass(frozen=True)
class TableText:
    """All text of a table as bytes.

    `full` are the cells that fill their column: a program that counts bytes may have cut their last
    character. `whole` are all others and the names of columns, joined by line feeds.
    """

    whole: bytes
    full: tuple[bytes, ...]

    @property
    def joined(self) -> bytes:
        """All of it, joined by line feeds."""
        return b"\n".join((self.whole, *self.full))

    def is_in(self, encoding: str) -> bool:
        """Whether all decodes, but for characters that were cut."""
        try:
            self.whole.decode(encoding)
            for cell in self.full:
                decode_cut(cell, encoding)
        except UnicodeDecodeError:
            return False
        return True

    def is_cut_in(self, encoding: str) -> bool:
        """Whether a character was cut."""
        return not all(is_in(cell, encoding) for cell in self.full)


def collect_text(table: pa.Table, dbf: bytes) -> TableText:
    """Collect the text of a table that was read as Latin-1, one character a byte."""
    whole = [column.encode("latin-1") for column in table.column_names]
    full: list[bytes] = []
    for column, width in zip(table.columns, _read_widths(dbf), strict=False):
        if pa.types.is_string(column.type) or pa.types.is_large_string(column.type):
            cells = [cell.encode("latin-1") for cell in column.to_pylist() if cell]
            whole.extend(cell for cell in cells if len(cell) < width)
            full.extend(cell for cell in cells if len(cell) >= width)
    return TableText(b"\n".join(whole), tuple(full))


def settle_encoding(
    parts: Mapping[str, bytes], text: TableText, name: str, encoding: str | None
) -> tuple[str, str | None]:
    """Decide the encoding of the text; what the file says is checked against every cell.

    Parameters
    ----------
    parts
        Bytes of the shapefile's parts by suffix; .dbf, and .cpg where there is one.
    text
        All text of the table.
    name
        The file, for messages.
    encoding
        What the user says.

    Returns
    -------
    encoding, note
        The note says that it was found out, None where it was said.

    Raises
    ------
    InvalidInput
        If the .cpg is not known or not true, or nothing is said and the text is not plain.
    """
    if encoding is not None:
        return check_encoding(encoding), None
    declared = parts.get(".cpg", b"").decode("ascii", "ignore").strip()
    if declared:
        return _read_code_page(declared, text, name), None
    if text.joined.isascii():
        return "utf-8", None
    language = _LANGUAGES.get(parts[".dbf"][_LANGUAGE_BYTE])
    if language is not None and text.is_in(language):
        return language, None
    found = "utf-8" if text.is_in("utf-8") else "gb18030"
    if not text.is_in(found) or (found == "gb18030" and not is_plainly_gb18030(text.joined)):
        raise InvalidInput(
            f"{name}: its text is neither UTF-8 nor plainly GB18030; "
            "pass --encoding, for example cp1252"
        )
    return found, f"no .cpg: text read as {found.upper()}; pass --encoding if it looks wrong"


def decode_columns(
    table: pa.Table, encoding: str, name: str
) -> dict[str, list[str | int | float | bool | None]]:
    """Decode the names and text of a table that was read as Latin-1.

    Raises
    ------
    InvalidInput
        If a cell is not in the encoding; names row and column.
    """
    return {
        _decode(column, encoding, f"{name}: the name of a column"): [
            _decode(cell, encoding, f"{name} row {row} column {column}")
            if isinstance(cell, str)
            else cell
            for row, cell in enumerate(table.column(column).to_pylist(), start=1)
        ]
        for column in table.column_names
    }


def _read_widths(dbf: bytes) -> list[int]:
    widths = []
    for start in range(_FIELD_BYTES, len(dbf) - _FIELD_BYTES, _FIELD_BYTES):
        if dbf[start] == _FIELDS_END:
            break
        widths.append(dbf[start + _WIDTH_BYTE])
    return widths


def _read_code_page(declared: str, text: TableText, name: str) -> str:
    """Read the name in a .cpg, which is a codec's, or the number of a code page."""
    number = declared.upper().removeprefix("ANSI").removeprefix("CP").strip(" -_")
    for candidate in (_CODE_PAGES.get(number, declared), f"cp{number}"):
        try:
            encoding = check_encoding(candidate)
        except InvalidInput:
            continue
        if not text.is_in(encoding):
            break
        return encoding
    else:
        raise InvalidInput(f"{name}: its .cpg says {declared}, which is not known; pass --encoding")
    raise InvalidInput(f"{name}: its .cpg says {declared} but its text is not; pass --encoding")


def _decode(cell: str, encoding: str, where: str) -> str:
    try:
        return decode_cut(cell.encode("latin-1"), encoding)
    except UnicodeDecodeError as error:
        raise InvalidInput(f"{where} is not in {encoding}; pass another --encoding") from error
