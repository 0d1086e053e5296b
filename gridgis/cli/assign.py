"""`gridgis assign`."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, get_args

import click

from gridgis.cli.common import AT, FILE, Session, naming, open_session, say
from gridgis.errors import InvalidInput
from gridgis.services.assigning import (
    Assigned,
    PositionColumns,
    assign_file,
    name_column,
    open_indexes,
    rejects_path,
)
from gridgis.spatial.datum import Datum

_STEPS = 1000


@click.command("assign")
@click.argument("file", type=FILE)
@click.option("--layer", "layers", required=True, metavar="L[,L2]", help="Layers to look in.")
@click.option("--lon", metavar="F", help="Column of the longitude, or of x with --crs.")
@click.option("--lat", metavar="F", help="Column of the latitude, or of y with --crs.")
@click.option("--crs", metavar="EPSG:n", help="CRS of the positions; WGS84 without it.")
@click.option("--datum", type=click.Choice(list(get_args(Datum))), help="Datum of the degrees.")
@click.option("--encoding", metavar="E", help="Encoding of the text, such as GBK.")
@AT
@click.option(
    "--engine",
    type=click.Choice(["local", "dask"]),
    default="local",
    show_default=True,
    help="dask: partitions of Parquet (a folder, a pattern, or one file's row groups).",
)
@click.option("--scheduler", metavar="tcp://H:P", help="Dask scheduler; one of its own without.")
@click.option("--by", metavar="grid,month", help="With dask: count by these into summary.csv.")
@click.option("--time", metavar="F", help="Column of the time that --by counts by.")
@click.option("-o", "--output", required=True, type=FILE, metavar="OUT")
def assign_command(
    *,
    file: Path,
    layers: str,
    encoding: str | None,
    at: str | None,
    engine: str,
    scheduler: str | None,
    by: str | None,
    time: str | None,
    output: Path,
    **position: Any,
) -> None:
    """Add the grid of every row to a CSV or Parquet file; no row is lost or moved.

    Run it again after it was killed: it goes on where it was.
    """
    wanted = [part.strip() for part in layers.split(",") if part.strip()]
    if not wanted:
        raise InvalidInput("--layer names no layer; write it like --layer anc,police")
    options = {"--scheduler": scheduler, "--by": by, "--time": time}
    columns = PositionColumns(**position)
    with open_session() as session, naming(file), _showing(f"assigning {file.name}") as show:
        if engine == "dask":
            if encoding is not None:
                raise InvalidInput("--encoding is for text; --engine dask reads Parquet")
            rejects = f"{output}/*.rejects.csv"
            assigned = _assign_on_dask(
                session,
                file,
                output,
                layers=wanted,
                at=at,
                columns=columns,
                options=options,
                show_progress=show,
            )
        else:
            rejects = str(rejects_path(output))
            for option, value in options.items():
                if value is not None:
                    raise InvalidInput(f"{option} goes with --engine dask")
            assigned = assign_file(
                session.load_snapshot(),
                file,
                output,
                layers=wanted,
                at=session.moment(at, "--at"),
                columns=columns,
                encoding=encoding,
                show_progress=show,
            )
    for layer, found in assigned.found.items():
        say(f"{name_column(layer)}: {found:,} of {assigned.rows:,} rows are in a grid")
    if assigned.rejects:
        say(f"{assigned.rejects:,} rows have no usable position: see {rejects}")


def _assign_on_dask(
    session: Session,
    source: Path,
    output: Path,
    *,
    layers: list[str],
    at: str | None,
    columns: PositionColumns,
    options: dict[str, str | None],
    show_progress: Callable[[float], None],
) -> Assigned:
    from gridgis.services.periods import Breakdown, parse_breakdown  # noqa: PLC0415
    from gridgis.services.scaleout import assign_partitions  # noqa: PLC0415

    by, time = options["--by"], options["--time"]
    if by is None and time is not None:
        raise InvalidInput("--time goes with --by, for example --by grid,month")
    zone = session.settings.timezone
    return assign_partitions(
        open_indexes(session.load_snapshot(), layers, at=session.moment(at, "--at")),
        source,
        output,
        columns=columns,
        breakdown=Breakdown() if by is None else parse_breakdown(by, time=time, zone=zone),
        scheduler=options["--scheduler"],
        show_progress=show_progress,
    )


@contextmanager
def _showing(label: str) -> Iterator[Callable[[float], None]]:
    """Show a bar on a terminal; gives a function that takes the share that is done, 0 to 1."""
    with click.progressbar(
        length=_STEPS, label=label, file=sys.stderr, hidden=not sys.stderr.isatty()
    ) as bar:
        yield lambda share: bar.update(round(share * _STEPS) - bar.pos)
