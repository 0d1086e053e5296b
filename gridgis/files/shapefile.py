"""Shapefiles, loose or zipped: all parts there, the CRS of the .prj, text in its true encoding."""

import struct
import tempfile
from collections.abc import Mapping
from pathlib import Path, PurePosixPath

import numpy as np
import pyarrow as pa
import shapely
from numpy.typing import NDArray
from pyproj import CRS
from pyproj.exceptions import CRSError

from gridgis.errors import CrsError, InvalidInput
from gridgis.files import gdal
from gridgis.files.crs import check_map_crs
from gridgis.files.dbf import collect_text, decode_columns, read_deleted, settle_encoding
from gridgis.files.encoding import check_encoding
from gridgis.files.features import Features, from_wkb
from gridgis.files.layers import choose_layer, refuse_layer_name
from gridgis.files.source import Source

PARTS = (".shp", ".shx", ".dbf", ".prj", ".cpg")

_HEADER_BYTES = 100
_SHAPE_TYPE = struct.Struct("<i")


def find_parts(source: Source) -> dict[str, bytes]:
    """Read the parts of a loose shapefile that lie beside its .shp, by lower-case suffix.

    Raises
    ------
    InvalidInput
        If the folder or a part cannot be read.
    """
    parts = {".shp": source.content}
    try:
        for beside in source.path.parent.iterdir():
            suffix = beside.suffix.lower()
            if suffix in PARTS[1:] and beside.stem == source.path.stem and beside.is_file():
                parts[suffix] = beside.read_bytes()
    except OSError as error:
        raise InvalidInput(
            f"the parts beside {source.name} cannot be read ({error.strerror})"
        ) from error
    return parts


def choose_parts(
    members: Mapping[PurePosixPath, bytes], name: str, layer_name: str | None
) -> dict[str, bytes]:
    """Find the parts of the one shapefile among the members of a zip, in any folder of it.

    Raises
    ------
    InvalidInput
        If there is no .shp, or there are several and none is named.
    """
    paths = [str(path.with_suffix("")) for path in members if path.suffix.lower() == ".shp"]
    if not paths:
        raise InvalidInput(f"{name} holds no shapefile (.shp); unpack it and name the file in it")
    by_name = {_shortest(path, paths): path for path in paths}
    chosen = by_name[choose_layer(list(by_name), layer_name, name)]
    return {
        path.suffix.lower(): content
        for path, content in members.items()
        if str(path.with_suffix("")).lower() == chosen.lower()
    }


def read_shapefile(parts: Mapping[str, bytes], name: str, encoding: str | None) -> Features:
    """Read a shapefile from the bytes of its parts.

    Parameters
    ----------
    parts
        Bytes by suffix; .shp and .dbf are needed. A missing .shx is made anew from the .shp.
    name
        The file, for messages.
    encoding
        Encoding of the attribute text; else what the .cpg or the language byte of the .dbf says,
        UTF-8 or GB18030.

    Raises
    ------
    InvalidInput
        If a part is missing or damaged, or the encoding is not plain or not the right one.
    CrsError
        If the .prj cannot be understood.
    """
    notes = []
    _check_parts(parts, name)
    if encoding is not None:
        check_encoding(encoding)
    if ".shx" not in parts:
        notes.append("the .shx was missing and was made anew from the .shp")
    table, geometry = _read_with_gdal(parts, name)
    geometries = from_wkb(table.column(geometry).to_pylist(), name)
    _check_geometries(geometries, parts, name)
    table = table.drop_columns([geometry])
    text = collect_text(table, parts[".dbf"])
    found, why = settle_encoding(parts, text, name, encoding)
    if why:
        notes.append(why)
    if text.is_cut_in(found):
        notes.append("some text fills its column and was cut in the middle of a character")
    return Features(
        kind="Shapefile",
        columns=decode_columns(table, found, name),
        geometries=geometries,
        declared=_read_prj(parts.get(".prj"), name),
        encoding=found,
        notes=tuple(notes),
    )


def _check_parts(parts: Mapping[str, bytes], name: str) -> None:
    if ".dbf" not in parts:
        raise InvalidInput(
            f"{name} lacks its .dbf, where codes and names are; put it beside the .shp"
        )
    for suffix in (".shp", ".shx"):
        content = parts.get(suffix)
        if content is None:
            continue
        if len(content) < _HEADER_BYTES or content[:4] != b"\x00\x00\x27\x0a":
            raise InvalidInput(f"{name}: its {suffix} is not a shapefile's; export it again")
        said_bytes = 2 * struct.unpack(">i", content[24:28])[0]
        if said_bytes > len(content):
            raise InvalidInput(
                f"{name}: its {suffix} is cut off at {len(content)} of {said_bytes} bytes; "
                "fetch it again"
            )
    rows, shapes = len(read_deleted(parts[".dbf"], name)), len(_read_shape_types(parts, name))
    if rows != shapes:
        raise InvalidInput(
            f"{name}: its .dbf has {rows} rows for {shapes} geometries; "
            "put the parts of one file together"
        )


def _read_shape_types(parts: Mapping[str, bytes], name: str) -> list[int]:
    """Read the type of each record of the .shp, where the .shx says, or one after the other."""
    shp, shx = parts[".shp"], parts.get(".shx")
    types: list[int] = []
    try:
        if shx is not None:
            whole_bytes = len(shx) - (len(shx) - _HEADER_BYTES) % 8
            for (words,) in struct.iter_unpack(">i4x", shx[_HEADER_BYTES:whole_bytes]):
                types.append(_SHAPE_TYPE.unpack_from(shp, 2 * words + 8)[0])
            return types
        offset = _HEADER_BYTES
        while offset < len(shp):
            types.append(_SHAPE_TYPE.unpack_from(shp, offset + 8)[0])
            offset += 8 + 2 * max(struct.unpack_from(">i", shp, offset + 4)[0], 2)
    except struct.error as error:
        raise InvalidInput(
            f"{name}: its .shp has no record {len(types) + 1} where one should be; fetch it again"
        ) from error
    return types


def _check_geometries(
    geometries: NDArray[np.object_], parts: Mapping[str, bytes], name: str
) -> None:
    """Refuse geometries that GDAL gave up: it says nothing and leaves them out."""
    deleted = read_deleted(parts[".dbf"], name)
    types = np.array(_read_shape_types(parts, name))[~np.array(deleted, bool)]
    if len(types) != len(geometries):
        raise InvalidInput(
            f"{name}: {len(geometries)} of its {len(types)} geometries can be read; fetch it again"
        )
    lost = np.flatnonzero(shapely.is_missing(geometries) & (types != 0))
    if len(lost):
        raise InvalidInput(f"{name} row {lost[0] + 1}: its geometry is damaged; fetch it again")


def _read_with_gdal(parts: Mapping[str, bytes], name: str) -> tuple[pa.Table, str]:
    """Read with text as Latin-1, a character a byte, to be decoded once its encoding is known."""
    with tempfile.TemporaryDirectory(prefix="gridgis-") as folder:
        path = Path(folder) / "layer.shp"
        for suffix in (".shp", ".shx", ".dbf"):
            if suffix in parts:
                path.with_suffix(suffix).write_bytes(parts[suffix])
        table, geometry, _ = gdal.read_layer(path, name, encoding="ISO-8859-1")
    return table, geometry


def _read_prj(content: bytes | None, name: str) -> CRS | None:
    text = (content or b"").decode("utf-8", "replace").strip("\ufeff\x00 \t\r\n")
    if not text:
        return None
    try:
        return check_map_crs(CRS.from_wkt(text), f"{name}: its .prj")
    except CRSError as error:
        raise CrsError(
            f"{name}: its .prj cannot be understood; remove it and pass --crs EPSG:n"
        ) from error


def _shortest(path: str, paths: list[str]) -> str:
    """Name of a layer in an archive: its last part where that is unique, else its whole path."""
    stem = PurePosixPath(path).name
    return stem if sum(PurePosixPath(other).name == stem for other in paths) == 1 else path


def refuse_extra_layer(layer_name: str | None, source: Source) -> None:
    """Refuse a layer name for a loose shapefile unless it is the file's own."""
    if layer_name != source.path.stem:
        refuse_layer_name(layer_name, "shapefile", source.name)
