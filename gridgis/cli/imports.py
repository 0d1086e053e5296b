"""`gridgis import grids | members | points | residents | incidents`."""

import re
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import click

from gridgis.cli.common import (
    COMMIT,
    FILE,
    naming,
    open_session,
    reading_options,
    say,
    say_all,
    working,
)
from gridgis.cli.grids import read_boundary, say_faults
from gridgis.errors import FaultsFound, InvalidInput
from gridgis.files.provenance import read_provenance
from gridgis.files.tabular import read_positions, read_table
from gridgis.files.vector import read_vector
from gridgis.model.grids import Layer
from gridgis.parse import format_time
from gridgis.services.doubts import doubt_datum, doubt_outline, find_neighbours, refuse_swapped
from gridgis.services.gridset import (
    Columns,
    GridSet,
    Parents,
    Reject,
    prepare_grids,
    read_parents,
)
from gridgis.services.importing import (
    Imported,
    import_incidents,
    import_members,
    import_points,
    import_residents,
)
from gridgis.services.publishing import (
    NewEdition,
    make_levels,
    prepare_edition,
    publish,
    require_free,
)
from gridgis.services.snapshot import Snapshot
from gridgis.spatial.datum import Datum

_LAYER_CODE = re.compile(r"[\w-]{1,64}")
"""It becomes part of addresses and of the names of columns."""


@click.group("import")
def import_command() -> None:
    """Bring data in; without --commit it is only shown what would be done."""


@import_command.command("grids")
@click.argument("file", type=FILE)
@click.option("--layer", required=True, metavar="L", help="Code of the layer, made when new.")
@click.option("--code", required=True, metavar="F", help="Column with the code of the grid.")
@click.option("--name", metavar="F", help="Column with its name.")
@click.option(
    "--parent",
    multiple=True,
    metavar="F",
    help="Column with the parent's code; again for the parent's parent.",
)
@click.option(
    "--parents",
    multiple=True,
    type=FILE,
    metavar="FILE",
    help="File with the names of the parents.",
)
@click.option("--parent-code", multiple=True, metavar="F", help="Its column with the code.")
@click.option("--parent-name", multiple=True, metavar="F", help="Its column with the name.")
@click.option("--title", metavar="TEXT", help="Name of the layer, when it is new.")
@click.option(
    "--levels",
    metavar="TOP,...,LOWEST",
    help="Codes of the levels, as code or code=name; the columns' names without it.",
)
@click.option(
    "--valid-from", metavar="T", help="When the edition comes into force; now without it."
)
@reading_options
@click.option("--boundary", type=FILE, metavar="FILE", help="Outline that the grids must fill.")
@click.option(
    "--on-duplicate",
    type=click.Choice(["refuse", "merge"]),
    default="refuse",
    help="What to do with a code that stands twice.",
)
@click.option("--accept-gaps", is_flag=True, help="Record gaps as holes outside the boundary.")
@COMMIT
def import_grids(
    *,
    file: Path,
    layer: str,
    code: str,
    name: str | None,
    parent: tuple[str, ...],
    parents: tuple[Path, ...],
    parent_code: tuple[str, ...],
    parent_name: tuple[str, ...],
    title: str | None,
    levels: str | None,
    valid_from: str | None,
    boundary: Path | None,
    on_duplicate: str,
    accept_gaps: bool,
    commit: bool,
    **reading: Any,
) -> None:
    """Publish a file of grids as the next edition of a layer, once it is proved seamless."""
    with open_session() as session:
        moment = session.moment(valid_from, "--valid-from")
        snapshot = session.load_snapshot()
        above = _read_above(parents, parent_code, parent_name)
        outline = None if boundary is None else read_boundary(boundary)
        with working(f"reading {file.name}") as step, naming(file):
            read = read_vector(file, **reading)
            step("proving")
            grid_set = prepare_grids(
                read,
                Columns(code, name, parent),
                merge_duplicates=on_duplicate == "merge",
                boundary=outline,
                parents=above[0] if above else None,
            )
            known = snapshot.layers.get(layer)
            chosen = _choose_layer(layer, known, title, levels, [*reversed(parent), code])
            require_free(snapshot, chosen, moment)
            _doubt_place(snapshot, chosen, grid_set, moment, reading["datum"] or "wgs84")
            source = read_provenance(file) | {"file": file.name, "sha256": read.digest}
            try:
                new = prepare_edition(
                    chosen,
                    grid_set,
                    valid_from=moment,
                    upper_names=[level.names for level in above],
                    accept_gaps=accept_gaps,
                    source=source,
                )
            except FaultsFound as error:
                say_faults(error.faults)
                raise FaultsFound(f"{error}; {_way_out(error)}", error.faults) from error
        _say_doubts(snapshot, grid_set, new, known)
        summary = f"{len(grid_set.polygons)} grids of {file.name} in layer {layer}, in force from"
        if not commit:
            click.echo(f"would publish {summary} {format_time(moment)}")
            say("nothing was changed; add --commit to publish")
            return
        with naming(file):
            edition = publish(session.store, new, now=session.now, actor=session.actor.name)
        click.echo(f"published edition {edition.number}: {summary} {format_time(moment)}")


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
    commit: bool,
    **reading: Any,
) -> None:
    """Add or renew service points, each with its fifteen-minute circle."""
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
            read_vector(file, **reading),
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


def _read_above(files: Sequence[Path], codes: Sequence[str], names: Sequence[str]) -> list[Parents]:
    if not len(files) == len(codes) == len(names):
        raise InvalidInput("each --parents FILE needs one --parent-code and one --parent-name")
    above = []
    for file, code, name in zip(files, codes, names, strict=True):
        with naming(file):
            above.append(read_parents(file, code_column=code, name_column=name))
    return above


def _choose_layer(
    code: str, known: Layer | None, title: str | None, levels: str | None, columns: list[str]
) -> Layer:
    """Return the known layer, or a new one whose levels are those named, else the columns."""
    if known is not None and levels is None:
        if len(known.levels) != len(columns):
            levels_words = ", ".join(level.code for level in known.levels)
            raise InvalidInput(
                f"layer {code} has the levels {levels_words}; give one --parent for each above "
                "the lowest"
            )
        return known
    if not _LAYER_CODE.fullmatch(code):
        raise InvalidInput(
            f"layer code {code[:40]!r} is not made of letters, digits, hyphens and underscores; "
            "choose another --layer"
        )
    pairs = [part.partition("=") for part in (levels.split(",") if levels else columns)]
    codes = [pair[0].strip() for pair in pairs]
    if len(codes) != len(columns):
        raise InvalidInput(f"--levels names {len(codes)} levels, the columns are {len(columns)}")
    level_names = {pair[0].strip(): pair[2].strip() for pair in pairs if pair[2].strip()}
    name = title or (known.name if known else code)
    return Layer(code, name, make_levels(codes, level_names))


def _way_out(error: FaultsFound) -> str:
    kinds = {fault.kind for fault in error.faults}
    if kinds == {"gap"}:
        return "fill them, or pass --accept-gaps to record them as holes"
    return "mend the file (gridgis check --geojson OUT shows where) and import it again"


def _say_doubts(
    snapshot: Snapshot, grid_set: GridSet, new: NewEdition, known: Layer | None
) -> None:
    say_all(new.notes)
    advice = [fault for fault in grid_set.faults if fault.kind in ("unmatched_vertex", "multipart")]
    if advice:
        say_faults(advice, most=5)
    present = None if known is None else snapshot.edition_at(known.code, new.valid_from)
    if present is not None:
        difference = doubt_outline(new.tiling.outline, snapshot.view(present).outline)
        if difference is not None:
            say(f"note: {difference}")
    elif grid_set.boundary is None:
        say("note: the outline is taken as it is; pass --boundary FILE to hold it against another")


def _doubt_place(
    snapshot: Snapshot, layer: Layer, grid_set: GridSet, at: datetime, declared: Datum
) -> None:
    """Refuse swapped axes; say so when the set fits what is around it only in another datum."""
    present = snapshot.edition_at(layer.code, at) if layer.code in snapshot.layers else None
    view = None if present is None else snapshot.view(present)
    neighbours = find_neighbours(snapshot, layer.code)
    around = [*neighbours, *([view.outline] if view else []), grid_set.boundary]
    refuse_swapped(grid_set.polygons, [outline for outline in around if outline is not None])
    doubt = doubt_datum(
        grid_set.polygons,
        boundary=grid_set.boundary,
        present=None if view is None else view.polygons(view.layer.leaf.rank),
        neighbours=neighbours,
        declared=declared,
    )
    if doubt is not None:
        say(f"note: {doubt}")


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
