"""A file of grids made ready: codes, names, parents and clean polygons, with every doubt listed.

Nothing is decided here. The same `GridSet` is what ``gridgis check`` reports and what an import
refuses or publishes.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import shapely

from gridgis.errors import GeometryError, InvalidInput
from gridgis.files.features import to_text
from gridgis.files.vector import VectorFile, read_vector
from gridgis.spatial.clean import clean
from gridgis.spatial.faults import make_unmatched_vertex
from gridgis.spatial.lattice import area_m2, snap
from gridgis.spatial.nesting import find_nesting_faults
from gridgis.spatial.projected import AddedVertex, bring_to_degrees, is_lonlat, make_transform
from gridgis.spatial.tiling import Fault, find_faults, find_multiparts, match_edges

MAX_CODE_LENGTH = 64
_ADVICE = frozenset({"multipart", "unmatched_vertex"})


@dataclass(frozen=True)
class Reject:
    """A row that cannot become a grid; `row` counts from 1."""

    row: int
    code: str | None
    reason: str


@dataclass(frozen=True)
class Columns:
    """Which columns of a file hold what; `parents` from the nearest ancestor up."""

    code: str
    name: str | None = None
    parents: Sequence[str] = ()


@dataclass(frozen=True)
class Parents:
    """Grids of the level above, by code: their names, and their polygons where the file has any."""

    names: Mapping[str, str]
    polygons: Mapping[str, Any]


@dataclass(frozen=True)
class GridSet:
    """Grids of one file on the lattice.

    Attributes
    ----------
    polygons
        Clean lon/lat polygons by code, edges matched.
    names
        Name by code.
    parents
        Codes of the ancestors by code, nearest first.
    boundary
        The outline they were held against, matched too; None where none was given.
    faults
        What keeps them from being seamless, and the vertices that were added.
    rejects
        Rows that could not become a grid.
    notes
        What was assumed or changed, one sentence each.
    """

    polygons: Mapping[str, Any]
    names: Mapping[str, str]
    parents: Mapping[str, tuple[str, ...]]
    boundary: Any = None
    faults: Sequence[Fault] = ()
    rejects: Sequence[Reject] = ()
    notes: Sequence[str] = field(default_factory=tuple)

    @property
    def open_faults(self) -> list[Fault]:
        """The faults that stop a publication, without those that are only advice."""
        return [fault for fault in self.faults if fault.kind not in _ADVICE]


def prepare_grids(
    file: VectorFile,
    columns: Columns,
    *,
    merge_duplicates: bool = False,
    boundary: Any = None,
    parents: Parents | None = None,
) -> GridSet:
    """Make the grids of a file ready and list what is wrong with them.

    Parameters
    ----------
    file
        A layer of polygons in any CRS.
    columns
        Which of its columns hold what.
    merge_duplicates
        Whether rows with the same code become one grid.
    boundary
        Lon/lat polygon that the grids must fill.
    parents
        The level above, to hold the grids against. A grid that lies in another parent than its own
        is a fault; a parent's border that runs beside that of its children is a note, because the
        borders of upper levels are always those of their grids.

    Raises
    ------
    InvalidInput
        If a column does not exist.
    """
    rows, rejects = _read_rows(file.frame, columns)
    raw = file.frame.geometry
    usable, faults, more_rejects = _take_polygons(rows, raw, file.crs)
    grouped, duplicates, differing = _group_by_code(
        usable, file.crs, merge_duplicates=merge_duplicates
    )
    more_rejects += differing
    projected, noded = bring_to_degrees(grouped, file.crs)
    notes = [] if is_lonlat(file.crs) else [f"brought from {file.crs} to longitude and latitude"]
    polygons, clean_notes, unfit = _clean_all(projected)
    faults = [*faults, *duplicates, *unfit]
    matched, matched_boundary, added = match_edges(polygons, boundary)
    faults += [*(_noded(vertex) for vertex in noded), *added, *find_multiparts(matched)]
    if not rejects and not more_rejects and not _stop(faults):
        faults += find_faults(matched, matched_boundary)
    first_rows = {row.code: row for row in reversed(rows)}
    nesting_notes: list[str] = []
    if parents is not None and parents.polygons:
        parent_of = {code: first_rows[code].parents[0] for code in matched}
        for fault in find_nesting_faults(matched, parent_of, parents.polygons):
            if _is_misplaced(fault, matched, parents.polygons):
                faults.append(fault)
            else:
                nesting_notes.append(f"{fault.detail} (at {fault.lon:.6f} {fault.lat:.6f})")
    return GridSet(
        polygons=matched,
        names={code: first_rows[code].name for code in matched},
        parents={code: first_rows[code].parents for code in matched},
        boundary=matched_boundary,
        faults=faults,
        rejects=sorted([*rejects, *more_rejects], key=lambda reject: reject.row),
        notes=(*file.notes, *notes, *clean_notes, *nesting_notes),
    )


@dataclass(frozen=True)
class _Row:
    row: int
    code: str
    name: str
    parents: tuple[str, ...]


def _noded(vertex: AddedVertex) -> Fault:
    return make_unmatched_vertex(vertex.lacking, vertex.owner, vertex.lon, vertex.lat)


def _is_misplaced(fault: Fault, children: Mapping[str, Any], parents: Mapping[str, Any]) -> bool:
    """Whether a child lies in another parent than its own, or names one that does not exist."""
    has_child = any(code in children for code in fault.codes)
    return has_child and sum(code in parents for code in fault.codes) != 1


def _stop(faults: Sequence[Fault]) -> bool:
    """Whether grids are missing, so that gaps would be reported where there are none."""
    return any(fault.kind in ("invalid", "duplicate_code") for fault in faults)


def _read_rows(frame: pd.DataFrame, columns: Columns) -> tuple[list[_Row], list[Reject]]:
    wanted = [columns.code, *columns.parents, *([columns.name] if columns.name else [])]
    require_columns([str(column) for column in frame.columns], wanted)
    rows, rejects = [], []
    texts = {column: to_text(frame[column]) for column in dict.fromkeys(wanted)}
    for number in frame.index.tolist():
        code = texts[columns.code][number]
        parents = tuple(texts[column][number] for column in columns.parents)
        name = texts[columns.name][number] if columns.name else code
        reason = unfit_code(code, columns.code) or next(
            (r for p, c in zip(parents, columns.parents, strict=True) if (r := unfit_code(p, c))),
            None,
        )
        if reason is not None:
            rejects.append(Reject(number, code or None, reason))
            continue
        rows.append(_Row(number, code, name or code, parents))
    return rows, rejects


def require_columns(present: Sequence[str], wanted: Sequence[str]) -> None:
    """Refuse a file that lacks a column, naming those that it has."""
    for column in wanted:
        if column not in present or column == "geometry":
            known = ", ".join(name for name in present if name != "geometry") or "none"
            raise InvalidInput(f"there is no column {column!r}; the columns are: {known}")


def unfit_code(code: str, column: str) -> str | None:
    """Say why a text cannot be a code; None when it can."""
    if not code:
        return f"column {column} is empty"
    if len(code) > MAX_CODE_LENGTH:
        return f"column {column} has more than {MAX_CODE_LENGTH} characters"
    if not code.isprintable():
        return f"column {column} has a character that cannot be printed"
    return None


def _take_polygons(
    rows: Sequence[_Row], geometries: pd.Series, crs: str
) -> tuple[list[tuple[_Row, Any]], list[Fault], list[Reject]]:
    """Keep the rows with a usable polygon; invalid borders become faults with their place."""
    usable, faults, rejects = [], [], []
    for row in rows:
        geometry = geometries.loc[row.row]
        reason = _unfit_geometry(geometry)
        if reason is not None:
            rejects.append(Reject(row.row, row.code, reason))
        elif not geometry.is_valid:
            faults.append(_invalid(row.code, geometry, crs))
        else:
            usable.append((row, geometry))
    return usable, faults, rejects


def _unfit_geometry(geometry: Any) -> str | None:
    if geometry is None:
        return "has no geometry"
    if geometry.geom_type not in ("Polygon", "MultiPolygon"):
        return f"is a {geometry.geom_type}, not a polygon"
    return "is an empty polygon" if geometry.is_empty else None


def _invalid(code: str, geometry: Any, crs: str) -> Fault:
    reason, _, place = shapely.is_valid_reason(geometry).partition("[")
    x, y = (float(part) for part in place.rstrip("]").split()[:2]) if place else (0.0, 0.0)
    detail = f"the border of {code} is not valid: {reason.strip().lower()}"
    return _fault_at("invalid", code, (x, y), crs, detail)


def _fault_at(kind: str, code: str, place: tuple[float, float], crs: str, detail: str) -> Fault:
    lon, lat = place if is_lonlat(crs) else make_transform(crs)(np.array([place]))[0]
    return Fault(kind, (code,), 0.0, 0.0, float(lon), float(lat), detail)


def _group_by_code(
    usable: Sequence[tuple[_Row, Any]], crs: str, *, merge_duplicates: bool
) -> tuple[dict[str, Any], list[Fault], list[Reject]]:
    """Join the pieces of a code; a piece with another parent than the first is rejected."""
    pieces: dict[str, list[tuple[_Row, Any]]] = {}
    for row, polygon in usable:
        pieces.setdefault(row.code, []).append((row, polygon))
    grouped, faults, rejects = {}, [], []
    for code, some in pieces.items():
        grouped[code] = some[0][1] if len(some) == 1 else shapely.union_all([p for _, p in some])
        if len(some) > 1 and not merge_duplicates:
            faults.append(_duplicate(code, some, crs))
        first = some[0][0]
        for row, _ in some[1:]:
            if row.parents != first.parents and merge_duplicates:
                reason = f"code {code} has another parent here than in row {first.row}"
                rejects.append(Reject(row.row, code, reason))
    return grouped, faults, rejects


def _duplicate(code: str, pieces: Sequence[tuple[_Row, Any]], crs: str) -> Fault:
    place = shapely.point_on_surface(pieces[1][1])
    in_words = ", ".join(str(row.row) for row, _ in pieces[:10])
    detail = f"code {code} stands {len(pieces)} times, in rows {in_words}"
    return _fault_at("duplicate_code", code, (place.x, place.y), crs, detail)


def _clean_all(
    polygons: Mapping[str, Any],
) -> tuple[dict[str, Any], tuple[str, ...], list[Fault]]:
    cleaned, notes, faults = {}, [], []
    for code, polygon in polygons.items():
        try:
            fit = clean(polygon)
        except GeometryError as error:
            place = shapely.point_on_surface(polygon)
            faults.append(Fault("invalid", (code,), 0.0, 0.0, place.x, place.y, f"{code} {error}"))
            continue
        cleaned[code] = fit.polygon
        notes += [f"{code}: {change}" for change in fit.changes]
    return cleaned, tuple(notes), faults


def polygons_in_degrees(file: VectorFile) -> dict[int, Any]:
    """Lon/lat polygons of a file by row number; rows without a usable polygon are left out."""
    shapes = {
        number: geometry
        for number, geometry in file.frame.geometry.items()
        if _unfit_geometry(geometry) is None and geometry.is_valid
    }
    degrees, _ = bring_to_degrees(shapes, file.crs)
    return degrees


def points_in_degrees(file: VectorFile) -> dict[int, tuple[float, float]]:
    """Lon/lat of the points of a file by row number; rows without a point are left out."""
    shapes = file.frame.geometry
    if not is_lonlat(file.crs):
        shapes = shapes.to_crs("EPSG:4326")
    return {
        number: (float(place.x), float(place.y))
        for number, place in shapes.items()
        if place is not None and place.geom_type == "Point" and not place.is_empty
    }


def to_boundary(file: VectorFile) -> Any:
    """Make one lon/lat outline on the lattice from all polygons of a file."""
    pieces = [clean(polygon).polygon for polygon in polygons_in_degrees(file).values()]
    if not pieces:
        raise InvalidInput("the boundary file holds no valid polygon")
    return pieces[0] if len(pieces) == 1 else clean(snap(shapely.union_all(pieces))).polygon


def measure_areas(polygons: Mapping[str, Any]) -> dict[str, float]:
    """Geodesic area of each polygon in square metres."""
    areas = area_m2(np.array(list(polygons.values()), dtype=object))
    return dict(zip(polygons, (float(area) for area in areas), strict=True))


def read_parents(path: Path, *, code_column: str, name_column: str) -> Parents:
    """Read the level above from a vector file; a row without a usable polygon gives its name."""
    file = read_vector(path)
    require_columns([str(column) for column in file.frame.columns], [code_column, name_column])
    codes = to_text(file.frame[code_column])
    pieces = polygons_in_degrees(file)
    polygons = {codes[number]: clean(polygon).polygon for number, polygon in pieces.items()}
    return Parents(dict(zip(codes, to_text(file.frame[name_column]), strict=True)), polygons)
