"""One regular file of this machine: its bytes, its digest and the kind its first bytes tell."""

import hashlib
from dataclasses import dataclass
from pathlib import Path

from gridgis.errors import InvalidInput

_LIMIT_BYTES = 2 << 30
_SEEN_BYTES = 4096

READABLE = "GeoJSON, TopoJSON, KML, GeoPackage, Shapefile (.shp or .zip) or GeoParquet"


@dataclass(frozen=True)
class Source:
    """A file that was opened and read once; whatever happens to the path later changes nothing."""

    path: Path
    content: bytes

    @property
    def name(self) -> str:
        """The name as messages show it."""
        return self.path.name

    @property
    def digest(self) -> str:
        """SHA-256 of the bytes, in hexadecimal."""
        return hashlib.sha256(self.content).hexdigest()


def open_source(path: str | Path) -> Source:
    """Read an existing regular file whole.

    Names that GDAL or a browser would follow (``/vsicurl/...``, ``https://...``) are names of files
    that do not exist, nothing more.

    Raises
    ------
    InvalidInput
        If there is no such file, it is a folder or no regular file, it is empty, cannot be read, or
        has more than 2 GiB.
    """
    file = check_file(path)
    if file.stat().st_size > _LIMIT_BYTES:
        raise InvalidInput(f"{file} has more than 2 GiB; split it")
    try:
        content = file.read_bytes()
    except OSError as error:
        raise InvalidInput(f"{file} cannot be read ({error.strerror})") from error
    if not content:
        raise InvalidInput(f"{file} is empty")
    return Source(file, content)


def check_file(path: str | Path) -> Path:
    """Return the path of an existing regular file.

    Raises
    ------
    InvalidInput
        If it is not one.
    """
    file = Path(path)
    try:
        if file.is_dir():
            raise InvalidInput(f"{file} is a folder; name the file in it ({READABLE})")
        if not file.is_file():
            raise InvalidInput(f"no such file: {path}")
    except (OSError, ValueError) as error:
        raise InvalidInput(f"no such file: {path}") from error
    return file


def find_kind(content: bytes) -> str | None:
    """Tell the kind of a file by its first bytes.

    Returns
    -------
    kind
        ``zip``, ``sqlite``, ``shapefile``, ``parquet``, ``json``, ``xml``, ``html``, or None.
    """
    magic = {
        b"PK\x03\x04": "zip",
        b"PK\x05\x06": "zip",
        b"SQLite format 3\x00": "sqlite",
        b"\x00\x00\x27\x0a": "shapefile",
        b"PAR1": "parquet",
    }
    for start, kind in magic.items():
        if content.startswith(start):
            return kind
    return _find_text_kind(content[:_SEEN_BYTES])


def _find_text_kind(start: bytes) -> str | None:
    if start[:2] in {b"\xff\xfe", b"\xfe\xff"}:
        text = start[: len(start) // 2 * 2].decode("utf-16", "replace")
    else:
        text = start.decode("utf-8-sig", "replace")
    text = text.lstrip("\ufeff\x1e \t\r\n")
    if text.startswith(("{", "[")):
        return "json"
    if text.startswith("<"):
        lowered = text.lower()
        return "html" if "<html" in lowered or "<!doctype html" in lowered else "xml"
    return None
