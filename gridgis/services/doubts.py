"""Doubts about a set of grids that no proof decides: said, never acted on.

A set can be seamless and still lie 500 m beside its neighbours, because its coordinates are of
another datum; or cover another area than the edition before it.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import shapely

from gridgis.errors import GeometryError
from gridgis.services.snapshot import Snapshot
from gridgis.spatial.datum import Datum, suspect_datum
from gridgis.spatial.lattice import area_m2

_CHANGED_AREA_M2 = 1.0


def doubt_datum(
    polygons: Mapping[str, Any],
    *,
    boundary: Any = None,
    present: Mapping[str, Any] | None = None,
    neighbours: Sequence[Any] = (),
    declared: Datum = "wgs84",
) -> str | None:
    """Say that the coordinates seem to be of another datum, or None.

    Parameters
    ----------
    polygons
        The set, lon/lat by code, read as `declared`.
    boundary
        The outline it should fill.
    present
        The polygons of the edition in force, by code.
    neighbours
        Outlines of other layers of the same city.
    """
    if not polygons:
        return None
    common = sorted(set(polygons) & set(present or {}))
    pairs = [(polygons[code], (present or {})[code]) for code in common]
    if not pairs:
        outline = shapely.union_all(list(polygons.values()))
        pairs = [(outline, other) for other in [boundary, *neighbours] if other is not None]
    for some in (pairs,) if common else ([pair] for pair in pairs):
        shapes, references = ([pair[side] for pair in some] for side in (0, 1))
        suspicion = suspect_datum(shapes, references, declared=declared)
        if suspicion is not None:
            whose = "the reference" if suspicion.of_reference else "the file"
            way_out = "" if suspicion.of_reference else f"; try --datum {suspicion.datum}"
            return (
                f"{whose} seems to be in {suspicion.datum}: the borders lie "
                f"{suspicion.misfit_m:,.0f} m apart, and {suspicion.misfit_after_m:,.0f} m when it "
                f"is read so{way_out}"
            )
    return None


def refuse_swapped(polygons: Mapping[str, Any], references: Sequence[Any]) -> None:
    """Refuse a set that lies apart from what it belongs to, and on it with lon and lat exchanged.

    Parameters
    ----------
    polygons
        The set, lon/lat by code.
    references
        Lon/lat polygons that it should meet: a boundary, an outline of the city.

    Raises
    ------
    GeometryError
        If the axes of the set are swapped.
    """
    if not polygons or not references:
        return
    here = shapely.box(*shapely.total_bounds(list(polygons.values())))
    exchanged = shapely.transform(here, lambda degrees: degrees[:, ::-1])
    there = shapely.box(*shapely.total_bounds(list(references)))
    if not here.intersects(there) and exchanged.intersects(there):
        lon, lat = here.centroid.x, here.centroid.y
        raise GeometryError(
            f"the grids lie around lon {lon:.2f}, lat {lat:.2f}, and on the city with lon and lat "
            "exchanged; export the file with lon before lat"
        )


def doubt_outline(outline: Any, present_outline: Any) -> str | None:
    """Say how much an outline differs from that of the edition in force; None when not at all."""
    differing = shapely.symmetric_difference(outline, present_outline)
    area = 0.0 if differing.is_empty else float(area_m2(differing))
    if area < _CHANGED_AREA_M2:
        return None
    return f"the outline differs by {area:,.0f} m² from that of the edition in force"


def find_neighbours(snapshot: Snapshot, layer: str) -> list[Any]:
    """Outlines of the latest editions of all other layers."""
    latest = (
        editions[-1] for code, editions in snapshot.editions.items() if code != layer and editions
    )
    return [snapshot.view(edition).outline for edition in latest]
