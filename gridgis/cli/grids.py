"""`gridgis check`."""

from pathlib import Path
from typing import Any

import click
import orjson
import shapely

from gridgis.cli.common import FILE, naming, reading_options, say, say_all, working
from gridgis.cli.terminal import printable
from gridgis.errors import FaultsFound, InvalidInput
from gridgis.files.output import replacing
from gridgis.files.vector import VectorFile, read_vector
from gridgis.services.doubts import doubt_datum, refuse_swapped
from gridgis.services.gridset import Columns, GridSet, prepare_grids, to_boundary
from gridgis.spatial.tiling import Fault, count_kinds

_PLACE_DIGITS = 9


@click.command("check")
@click.argument("file", type=FILE)
@click.option("--code", required=True, metavar="F", help="Column with the code of the grid.")
@click.option("--parent", multiple=True, metavar="F", help="Column with the code of the parent.")
@reading_options
@click.option("--boundary", type=FILE, metavar="FILE", help="Outline that the grids must fill.")
@click.option("--on-duplicate", type=click.Choice(["refuse", "merge"]), default="refuse")
@click.option("--json", "as_json", is_flag=True, help="Report as JSON.")
@click.option("--geojson", type=FILE, metavar="OUT", help="Write the faults as GeoJSON.")
def check_command(
    *,
    file: Path,
    code: str,
    parent: tuple[str, ...],
    boundary: Path | None,
    on_duplicate: str,
    geojson: Path | None,
    as_json: bool,
    **reading: Any,
) -> None:
    """List the faults of a file of grids: gaps, overlaps, slivers, unmatched vertices, and rows.

    Exits with 0 when it could be imported, 3 when there are faults, 2 when rows cannot be used.
    """
    outline = None if boundary is None else read_boundary(boundary)
    with working(f"reading {file.name}") as step, naming(file):
        read = read_vector(file, **reading)
        step("proving")
        grid_set = prepare_grids(
            read,
            Columns(code, parents=parent),
            merge_duplicates=on_duplicate == "merge",
            boundary=outline,
        )
    if outline is not None:
        with naming(file):
            refuse_swapped(grid_set.polygons, [outline])
    doubt = doubt_datum(grid_set.polygons, boundary=outline, declared=reading["datum"] or "wgs84")
    if doubt is not None:
        say(f"note: {doubt}")
    if geojson is not None:
        _write_faults(geojson, grid_set.faults)
    say_all(grid_set.notes)
    if as_json:
        click.echo(orjson.dumps(_report(read, grid_set)))
    else:
        _print(grid_set)
    _refuse(file, grid_set)
    outline = "fill the boundary" if grid_set.boundary is not None else "are seamless"
    advice = f"; {count_kinds(grid_set.faults)}" if grid_set.faults else ""
    say(f"{file.name}: {len(grid_set.polygons)} grids {outline}, proved{advice}")


def read_boundary(path: Path) -> Any:
    """Read the lon/lat outline of a boundary file, which says its CRS itself."""
    with naming(path):
        return to_boundary(read_vector(path))


def fault_row(fault: Fault) -> dict[str, Any]:
    """Make the row of one fault."""
    return {
        "kind": fault.kind,
        "codes": list(fault.codes),
        "area_m2": round(fault.area_m2, 6),
        "width_m": round(fault.width_m, 6),
        "lon": round(fault.lon, _PLACE_DIGITS),
        "lat": round(fault.lat, _PLACE_DIGITS),
        "detail": fault.detail,
    }


def say_faults(faults: Any, *, most: int = 20) -> None:
    """Say the first faults with their places."""
    listed = list(faults)
    for fault in listed[:most]:
        say(f"  {fault.kind} at {fault.lon:.7f} {fault.lat:.7f}: {fault.detail}")
    if len(listed) > most:
        say(f"  … and {len(listed) - most} more; gridgis check --geojson writes all of them")


def _report(read: VectorFile, grid_set: GridSet) -> dict[str, Any]:
    bounds = shapely.total_bounds(list(grid_set.polygons.values())) if grid_set.polygons else []
    return {
        "grids": len(grid_set.polygons),
        "crs": read.crs,
        "bbox": [round(float(degrees), _PLACE_DIGITS) for degrees in bounds],
        "faults": [fault_row(fault) for fault in grid_set.faults],
        "rejects": [
            {"row": reject.row, "code": reject.code, "reason": reject.reason}
            for reject in grid_set.rejects
        ],
    }


def _print(grid_set: GridSet) -> None:
    for reject in grid_set.rejects:
        code = printable(reject.code or "", most=80)
        click.echo(f"row {reject.row}\t{code}\t{printable(reject.reason)}")
    for fault in grid_set.faults:
        place = f"{fault.lon:.9f} {fault.lat:.9f}"
        size = f"{fault.area_m2:.4g} m² {fault.width_m:.3g} m"
        click.echo(f"{fault.kind}\t{place}\t{size}\t{printable(fault.detail)}")


def _refuse(file: Path, grid_set: GridSet) -> None:
    """Refuse a file that could not be imported: faults before rows that cannot be used."""
    if grid_set.open_faults:
        found = count_kinds(grid_set.open_faults)
        way_out = "mend them in a GIS (--geojson OUT writes where they are)"
        raise FaultsFound(f"{file.name} has {found}; {way_out}", grid_set.open_faults)
    if grid_set.rejects:
        first = grid_set.rejects[0]
        count = len(grid_set.rejects)
        raise InvalidInput(
            f"{file.name}: {count} rows cannot be used, the first is row {first.row} "
            f"({first.reason}); mend the file"
        )
    if not grid_set.polygons:
        raise InvalidInput(f"{file.name} holds no grid; name a file of polygons")


def _write_faults(path: Path, faults: Any) -> None:
    features = [
        {
            "type": "Feature",
            "properties": fault_row(fault),
            "geometry": shapely.geometry.mapping(
                shapely.Point(fault.lon, fault.lat) if fault.geometry is None else fault.geometry
            ),
        }
        for fault in faults
    ]
    try:
        with replacing(path) as temporary:
            temporary.write_bytes(orjson.dumps({"type": "FeatureCollection", "features": features}))
    except OSError as error:
        raise InvalidInput(f"{path} cannot be written: {error.strerror}") from error
