"""`gridgis import grids`: a file becomes the next edition of a layer."""

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
from gridgis.files.vector import read_vector
from gridgis.model.grids import Layer
from gridgis.parse import format_time
from gridgis.services.doubts import doubt_datum, doubt_outline, find_neighbours, refuse_swapped
from gridgis.services.gridset import Columns, GridSet, Parents, prepare_grids, read_parents
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


@click.command("grids")
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
def import_grids_command(
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
