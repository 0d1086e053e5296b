"""Builders of small files, good and bad, as users bring them."""

import io
import struct
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import orjson
import pyarrow as pa
import pyarrow.parquet as pq
import shapely

Parts = dict[str, bytes]

WGS84_PRJ = (
    'GEOGCS["GCS_WGS_1984",DATUM["D_WGS_1984",SPHEROID["WGS_1984",6378137.0,298.257223563]],'
    'PRIMEM["Greenwich",0.0],UNIT["Degree",0.0174532925199433]]'
)


def ring(x: float, y: float, size: float = 1.0) -> list[list[float]]:
    """A square, counter-clockwise, from its lower left corner."""
    return [[x, y], [x + size, y], [x + size, y + size], [x, y + size], [x, y]]


def feature(geometry: Any, **properties: Any) -> dict[str, Any]:
    return {"type": "Feature", "properties": properties, "geometry": geometry}


def square(x: float, y: float, size: float = 1.0, **properties: Any) -> dict[str, Any]:
    return feature({"type": "Polygon", "coordinates": [ring(x, y, size)]}, **properties)


def collection(*features: Any, **members: Any) -> dict[str, Any]:
    return {"type": "FeatureCollection", **members, "features": list(features)}


def shapefile(
    rows: Sequence[Mapping[str, bytes]],
    squares: Sequence[tuple[float, float] | None],
    *,
    prj: str | None = WGS84_PRJ,
    cpg: str | None = None,
    language: int = 0x57,
    width: int = 20,
) -> Parts:
    """The parts of a shapefile of unit squares, text fields as raw bytes; None is a null shape."""
    records = [_shape(corner) for corner in squares]
    offsets, offset = [], 50
    for record in records:
        offsets.append(offset)
        offset += 4 + len(record) // 2
    shp = _header(2 * offset) + b"".join(
        struct.pack(">2i", number, len(record) // 2) + record
        for number, record in enumerate(records, start=1)
    )
    shx = _header(100 + 8 * len(records)) + b"".join(
        struct.pack(">2i", offset, len(record) // 2)
        for offset, record in zip(offsets, records, strict=True)
    )
    parts = {".shp": shp, ".shx": shx, ".dbf": _dbf(rows, language, width)}
    if prj is not None:
        parts[".prj"] = prj.encode()
    if cpg is not None:
        parts[".cpg"] = cpg.encode()
    return parts


def _header(size: int) -> bytes:
    return (
        struct.pack(">7i", 9994, 0, 0, 0, 0, 0, size // 2)
        + struct.pack("<2i", 1000, 5)
        + struct.pack("<8d", -180, -90, 180, 90, 0, 0, 0, 0)
    )


def _shape(corner: tuple[float, float] | None) -> bytes:
    if corner is None:
        return struct.pack("<i", 0)
    x, y = corner
    clockwise = ring(x, y)[::-1]
    return (
        struct.pack("<i4d2i", 5, x, y, x + 1, y + 1, 1, 5)
        + struct.pack("<i", 0)
        + b"".join(struct.pack("<2d", *position) for position in clockwise)
    )


def _dbf(rows: Sequence[Mapping[str, bytes]], language: int, width: int) -> bytes:
    names = list(rows[0]) if rows else ["code"]
    fields = b"".join(
        name.encode().ljust(11, b"\0") + b"C" + bytes(4) + bytes([width, 0]) + bytes(14)
        for name in names
    )
    head = struct.pack(
        "<4BIHH16xBB2x",
        3,
        126,
        1,
        1,
        len(rows),
        33 + len(fields),
        1 + width * len(names),
        0,
        language,
    )
    body = b"".join(b" " + b"".join(row[name].ljust(width) for name in names) for row in rows)
    return head + fields + b"\r" + body + b"\x1a"


def put(folder: Path, parts: Parts, stem: str = "grids") -> Path:
    """Write the parts of a shapefile side by side; returns the .shp."""
    for suffix, content in parts.items():
        (folder / f"{stem}{suffix}").write_bytes(content)
    return folder / f"{stem}.shp"


def zipped(members: Mapping[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return buffer.getvalue()


def geoparquet(
    crs: Any = "omitted", encoding: str = "WKB", shapes: Sequence[Any] | None = None
) -> bytes:
    column = {"encoding": encoding, "geometry_types": ["Polygon"]}
    if crs != "omitted":
        column["crs"] = crs
    geo = {"version": "1.1.0", "primary_column": "geom", "columns": {"geom": column}}
    shapes = [shapely.Polygon(ring(1, 2))] if shapes is None else shapes
    table = pa.table({"code": ["A"] * len(shapes), "geom": [shape.wkb for shape in shapes]})
    buffer = pa.BufferOutputStream()
    pq.write_table(table.replace_schema_metadata({"geo": orjson.dumps(geo)}), buffer)
    return bytes(buffer.getvalue().to_pybytes())
