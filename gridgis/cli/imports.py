"""`gridgis import grids | members | points | residents | incidents`."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click

from gridgis.cli.common import COMMIT, FILE, naming, open_session, reading_options, say, say_all
from gridgis.cli.editions import import_grids_command
from gridgis.files.points import read_points
from gridgis.files.tabular import read_positions, read_table
from gridgis.files.vector import read_vector
from gridgis.services.gridset import Reject
from gridgis.services.importing import (
    Imported,
    import_incidents,
    import_members,
    import_points,
    import_residents,
)


@click.group("import")
def import_command() -> None:
    """Bring data in; without --commit it is only shown what would be done."""


import_command.add_command(import_grids_command)


@import_command.command("members")
@click.argument("file", type=FILE)
@click.option("--layer", required=True, metavar="L")
@click.option(
    "--valid-from", metavar="T", help="For rows without a date of their own; now without it."
)
@click.option("--encoding", metavar="E", help="Encoding of the text, such as GBK.")
@COMMIT
def import_members_command(
    *, file: Path, layer: str, valid_from: str | None, encoding: str | None, commit: bool
) -> None:
    """Replace who holds the roles that a CSV names.

    Columns: code (of a grid of any level), name, role, phone, valid_from, valid_to. An empty name
    states a vacancy.
    """
    with open_session() as session, naming(file):
        imported = import_members(
            session.store,
            session.load_snapshot(),
            read_table(file, encoding=encoding),
            layer=layer,
            actor=session.actor,
            valid_from=session.moment(valid_from, "--valid-from"),
            commit=commit,
        )
    _report(imported, commit=commit)


@import_command.command("points")
@click.argument("file", type=FILE)
@click.option("--kind", metavar="K", help="Kind of all of them, such as police_station.")
@click.option("--kind-column", metavar="F", help="Column with the kind of each.")
@click.option("--code", metavar="F")
@click.option("--name", metavar="F")
@click.option("--address", metavar="F")
@click.option("--phone", metavar="F", help="Column with the telephone of the place.")
@click.option("--hours", metavar="F")
@click.option("--services", metavar="F", help="Column with what it offers, comma-separated.")
@click.option("--lon", metavar="F", help="Column of a table; that of x with --crs.")
@click.option("--lat", metavar="F", help="Column of a table; that of y with --crs.")
@reading_options
@COMMIT
def import_points_command(
    *,
    file: Path,
    kind: str | None,
    kind_column: str | None,
    code: str | None,
    name: str | None,
    address: str | None,
    phone: str | None,
    hours: str | None,
    services: str | None,
    lon: str | None,
    lat: str | None,
    commit: bool,
    **reading: Any,
) -> None:
    """Add or renew service points, each with its fifteen-minute circle.

    FILE holds points, or is a CSV with two columns of coordinates.
    """
    given = {
        "kind": kind_column,
        "code": code,
        "name": name,
        "address": address,
        "phone": phone,
        "hours": hours,
        "services": services,
    }
    columns = {field: column for field, column in given.items() if column is not None}
    with open_session() as session, naming(file):
        imported = import_points(
            session.store,
            read_points(file, lon=lon, lat=lat, **reading),
            columns=columns,
            kind=kind,
            actor=session.actor,
            commit=commit,
        )
    _report(imported, commit=commit)


@import_command.command("residents")
@click.argument("file", type=FILE)
@click.option("--residents", required=True, metavar="F", help="Column with the number of people.")
@click.option("--code", required=True, metavar="F", help="Column with the code of the area.")
@reading_options
@COMMIT
def import_residents_command(
    *, file: Path, residents: str, code: str, commit: bool, **reading: Any
) -> None:
    """Replace the residents by those of a file of census areas, spread evenly over each."""
    with open_session() as session, naming(file):
        imported = import_residents(
            session.store,
            read_vector(file, **reading),
            residents=residents,
            code=code,
            actor=session.actor,
            commit=commit,
        )
    _report(imported, commit=commit)


@import_command.command("incidents")
@click.argument("file", type=FILE)
@click.option(
    "--source", metavar="TEXT", help="Where the codes come from; the file's name without it."
)
@click.option("--code", default="code", show_default=True, metavar="F")
@click.option(
    "--time", default="occurred_at", show_default=True, metavar="F", help="RFC 3339, or a date."
)
@click.option("--category", default="category", show_default=True, metavar="F")
@click.option("--lon", metavar="F")
@click.option("--lat", metavar="F")
@click.option("--crs", metavar="EPSG:n", help="Then --lon and --lat name the columns of x and y.")
@click.option("--datum", type=click.Choice(["wgs84", "gcj02", "bd09"]))
@click.option("--encoding", metavar="E")
@COMMIT
def import_incidents_command(
    *,
    file: Path,
    source: str | None,
    code: str,
    time: str,
    category: str,
    lon: str | None,
    lat: str | None,
    crs: str | None,
    datum: str | None,
    encoding: str | None,
    commit: bool,
) -> None:
    """Add incidents from a CSV, each with the grids it was in when it occurred."""
    with open_session() as session, naming(file):
        table = read_table(file, encoding=encoding)
        imported = import_incidents(
            session.store,
            session.load_snapshot(),
            table,
            read_positions(table, lon=lon, lat=lat, crs=crs, datum=datum),
            columns={"code": code, "time": time, "category": category},
            source=source or file.stem,
            actor=session.actor,
            commit=commit,
        )
    _report(imported, commit=commit)


def _report(imported: Imported, *, commit: bool) -> None:
    say_all(imported.notes)
    _say_rejects(imported.rejects)
    counts = ", ".join(f"{count} {what}" for what, count in imported.counts.items())
    click.echo(f"{'imported' if commit else 'would import'}: {counts}")
    if not commit:
        say("nothing was changed; add --commit to import")


def _say_rejects(rejects: Sequence[Reject], *, most: int = 20) -> None:
    for reject in rejects[:most]:
        say(f"row {reject.row} left out: {reject.reason}")
    if len(rejects) > most:
        say(f"… and {len(rejects) - most} more rows left out")
