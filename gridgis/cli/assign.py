"""`gridgis assign`."""

from pathlib import Path
from typing import Any, get_args

import click

from gridgis.cli.common import AT, FILE, naming, open_session, say, working
from gridgis.errors import InvalidInput
from gridgis.services.assigning import PositionColumns, assign_file, name_column, rejects_path
from gridgis.spatial.datum import Datum


@click.command("assign")
@click.argument("file", type=FILE)
@click.option("--layer", "layers", required=True, metavar="L[,L2]", help="Layers to look in.")
@click.option("--lon", metavar="F", help="Column of the longitude, or of x with --crs.")
@click.option("--lat", metavar="F", help="Column of the latitude, or of y with --crs.")
@click.option("--crs", metavar="EPSG:n", help="CRS of the positions; WGS84 without it.")
@click.option("--datum", type=click.Choice(list(get_args(Datum))), help="Datum of the degrees.")
@click.option("--encoding", metavar="E", help="Encoding of the text, such as GBK.")
@AT
@click.option("-o", "--output", required=True, type=FILE, metavar="OUT")
def assign_command(
    *,
    file: Path,
    layers: str,
    encoding: str | None,
    at: str | None,
    output: Path,
    **position: Any,
) -> None:
    """Add the grid of every row to a CSV or Parquet file; no row is lost or moved."""
    wanted = [part.strip() for part in layers.split(",") if part.strip()]
    if not wanted:
        raise InvalidInput("--layer names no layer; write it like --layer anc,police")
    with open_session() as session, naming(file), working(f"assigning {file.name}"):
        assigned = assign_file(
            session.load_snapshot(),
            file,
            output,
            layers=wanted,
            at=session.moment(at, "--at"),
            columns=PositionColumns(**position),
            encoding=encoding,
        )
    for layer, found in assigned.found.items():
        say(f"{name_column(layer)}: {found:,} of {assigned.rows:,} rows are in a grid")
    if assigned.rejects:
        say(f"{assigned.rejects:,} rows have no usable position: see {rejects_path(output)}")
