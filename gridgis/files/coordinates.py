"""Coordinates that cannot be what they are said to be: not finite, swapped, or in metres."""

import numpy as np
import shapely
from numpy.typing import NDArray
from pyproj import CRS

from gridgis.errors import GeometryError
from gridgis.files.crs import short_label, to_wgs84

_SOUTHERNMOST = -60.0
"""Degrees of latitude: no city lies further south, but many do with their axes swapped."""
_MARGIN_DEGREES = 1.0


def drop_heights(geometries: NDArray[np.object_]) -> tuple[NDArray[np.object_], tuple[str, ...]]:
    """Make n geometries flat; returns them and a note where there was something to drop."""
    if not (shapely.has_z(geometries).any() or shapely.has_m(geometries).any()):
        return geometries, ()
    return shapely.force_2d(geometries), ("Z or M values were dropped",)


def find_bounds(geometries: NDArray[np.object_]) -> NDArray[np.float64]:
    """Box of n geometries (4 numbers); a box at 0, 0 when there is nothing to bound."""
    if len(geometries):
        bounds: NDArray[np.float64] = shapely.total_bounds(geometries)
        if np.isfinite(bounds).all():
            return bounds
    return np.array([0.0, 0.0, 1.0, 1.0])


def check_finite(geometries: NDArray[np.object_], name: str) -> None:
    """Refuse coordinates that are NaN or infinite.

    Raises
    ------
    GeometryError
        Names the feature, counted from 1.
    """
    coordinates, owners = shapely.get_coordinates(geometries, return_index=True)
    bad = np.flatnonzero(~np.isfinite(coordinates).all(axis=1))
    if len(bad):
        raise GeometryError(
            f"{name} feature {owners[bad[0]] + 1} has a coordinate that is not a finite number; "
            "correct it"
        )


def check_place(geometries: NDArray[np.object_], crs: CRS, name: str) -> tuple[str, ...]:
    """Refuse coordinates that do not fit their CRS, and note those outside the area it is made for.

    Returns
    -------
    notes
        One sentence or none.

    Raises
    ------
    GeometryError
        If degrees are outside -180 to 180 and -90 to 90 (swapped, or projected after all), or if a
        plane's coordinates have no place on Earth; names the feature.
    """
    coordinates, owners = shapely.get_coordinates(geometries, return_index=True)
    if not len(coordinates):
        return ()
    if crs.is_geographic:
        _check_degrees(coordinates, owners, crs, name)
        return ()
    x, y = coordinates[:, 0], coordinates[:, 1]
    lon, lat = to_wgs84(x, y, crs)
    lost = np.flatnonzero(np.isnan(lon))
    if len(lost):
        where = _describe(name, owners, coordinates, lost[0])
        raise GeometryError(
            f"{where}, which has no place in {short_label(crs)}; pass the right --crs"
        )
    return _note_far_away(lon, lat, crs)


def _check_degrees(
    coordinates: NDArray[np.float64], owners: NDArray[np.int64], crs: CRS, name: str
) -> None:
    first, second = np.abs(coordinates[:, 0]), np.abs(coordinates[:, 1])
    outside = np.flatnonzero((first > 180) | (second > 90))
    if not len(outside):
        if coordinates[:, 1].max() < _SOUTHERNMOST:
            where = _describe(name, owners, coordinates, 0)
            raise GeometryError(
                f"{where}, in Antarctica: lon and lat look swapped; export the file with lon "
                "before lat"
            )
        return
    where = _describe(name, owners, coordinates, outside[0])
    if first.max() <= 90 and second.max() <= 180:
        raise GeometryError(
            f"{where}: lon and lat look swapped; export the file with lon before lat"
        )
    raise GeometryError(
        f"{where}, outside lon/lat degrees ({short_label(crs)}); "
        "if it is projected, pass --crs EPSG:n"
    )


def _note_far_away(lon: NDArray[np.float64], lat: NDArray[np.float64], crs: CRS) -> tuple[str, ...]:
    area = crs.area_of_use
    if area is None:
        return ()
    middle_lon, middle_lat = float(np.median(lon)), float(np.median(lat))
    inside = (
        area.west - _MARGIN_DEGREES <= middle_lon <= area.east + _MARGIN_DEGREES
        and area.south - _MARGIN_DEGREES <= middle_lat <= area.north + _MARGIN_DEGREES
    )
    # an area across the 180th meridian has its west east of its east
    if inside or area.west > area.east:
        return ()
    note = (
        f"the data lie near lon {middle_lon:.2f}, lat {middle_lat:.2f}, "
        f"outside the area that {short_label(crs)} is made for; check the CRS"
    )
    return (note,)


def _describe(
    name: str, owners: NDArray[np.int64], coordinates: NDArray[np.float64], position: int
) -> str:
    x, y = coordinates[position]
    return f"{name} feature {owners[position] + 1} has the position ({x:.10g}, {y:.10g})"
