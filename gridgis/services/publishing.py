"""An edition from a file: grids are proved, given their tree, and published in one transaction."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import shapely

from gridgis.errors import Conflict, FaultsFound, InvalidInput
from gridgis.model.grids import Edition, Grid, Layer, Level
from gridgis.parse import format_time
from gridgis.services.gridset import GridSet, measure_areas
from gridgis.services.snapshot import LOOKUP_TOPIC, Snapshot
from gridgis.spatial.tiling import Tiling, count_kinds, prove
from gridgis.store import audit
from gridgis.store import editions as edition_rows
from gridgis.store.database import Store


@dataclass(frozen=True)
class NewEdition:
    """An edition proved and ready to be published; `notes` are for the one who publishes."""

    layer: Layer
    grids: Sequence[Grid]
    tiling: Tiling
    digest: str
    valid_from: datetime
    source: Mapping[str, Any]
    notes: Sequence[str] = ()


def prepare_edition(
    layer: Layer,
    grid_set: GridSet,
    *,
    valid_from: datetime,
    upper_names: Sequence[Mapping[str, str]] = (),
    accept_gaps: bool = False,
    source: Mapping[str, Any],
) -> NewEdition:
    """Prove a set of grids and give it its tree.

    Parameters
    ----------
    layer
        Its levels must be one more than the ancestors of each grid.
    upper_names
        Names by code for the ancestors, nearest level first; a code without one is its own name.
    accept_gaps
        Whether gaps become holes outside the layer's boundary.

    Raises
    ------
    InvalidInput
        If a row was rejected, the codes do not form one tree, or there is no grid at all.
    FaultsFound
        If the grids are not seamless.
    """
    if grid_set.rejects:
        first = grid_set.rejects[0]
        more = f" (and {len(grid_set.rejects) - 1} more rows)" if len(grid_set.rejects) > 1 else ""
        raise InvalidInput(f"row {first.row}: {first.reason}{more}; mend the file")
    if not grid_set.polygons:
        raise InvalidInput("there is no grid in it")
    _refuse_faulty_rows(grid_set)
    misplaced = [fault for fault in grid_set.faults if fault.kind == "nesting"]
    if misplaced:
        raise FaultsFound(f"the grids do not nest: {count_kinds(misplaced)}", misplaced)
    tiling = prove(grid_set.polygons, grid_set.boundary, accept_gaps=accept_gaps)
    grids = _grow_tree(layer, grid_set, upper_names)
    notes = list(grid_set.notes)
    accepted = [fault for fault in grid_set.faults if fault.kind == "gap"]
    if accepted:
        notes.append(f"{len(accepted)} gaps accepted as holes outside the boundary")
    accepted_places = [[fault.lon, fault.lat, round(fault.area_m2, 2)] for fault in accepted]
    recorded = dict(source) | ({"accepted_gaps": accepted_places} if accepted else {})
    return NewEdition(layer, grids, tiling, _digest(grids), valid_from, recorded, notes)


def require_free(snapshot: Snapshot, layer: Layer, valid_from: datetime) -> None:
    """Refuse, before anything is tried, what `publish` would refuse of a layer.

    Raises
    ------
    Conflict
        If the layer has other levels, or an edition in force from `valid_from`.
    """
    known = snapshot.layers.get(layer.code)
    if known is None:
        return
    present, wanted = ([level.code for level in it.levels] for it in (known, layer))
    if present != wanted:
        raise Conflict(
            f"layer {layer.code} has the levels {', '.join(present)}, not {', '.join(wanted)}; "
            "give the same levels or choose another layer code"
        )
    for edition in snapshot.editions[layer.code]:
        if edition.valid_from == valid_from:
            raise Conflict(
                f"edition {edition.number} of layer {layer.code} is in force from "
                f"{format_time(valid_from)} already; choose another --valid-from"
            )


def publish(store: Store, new: NewEdition, *, now: datetime, actor: str) -> Edition:
    """Publish an edition: layer, grids, audit and outbox in one transaction."""
    with store.writing() as tx:
        edition_rows.save_layer(tx, new.layer)
        edition = edition_rows.add_edition(
            tx,
            layer=new.layer.code,
            valid_from=new.valid_from,
            recorded_at=now,
            grids=new.grids,
            outline=new.tiling.outline,
            digest=new.digest,
            source=new.source,
        )
        summary = {"layer": edition.layer, "edition": edition.number, "digest": edition.digest}
        audit.record(
            tx,
            at=now,
            actor=actor,
            action="publish edition",
            subject=f"{edition.layer}/{edition.number}",
            detail=summary | {"grids": edition.grid_count},
        )
        audit.announce(tx, at=now, topic=LOOKUP_TOPIC, payload=summary)
    return edition


def make_levels(codes: Sequence[str], names: Mapping[str, str]) -> tuple[Level, ...]:
    """Make levels from their codes, top first."""
    if len(set(codes)) != len(codes):
        raise InvalidInput(f"a level stands twice among {', '.join(codes)}")
    return tuple(Level(i + 1, code, names.get(code, code.upper())) for i, code in enumerate(codes))


def _refuse_faulty_rows(grid_set: GridSet) -> None:
    """Refuse invalid polygons and double codes before the proof, which needs neither."""
    for fault in grid_set.faults:
        if fault.kind == "duplicate_code":
            raise InvalidInput(f"{fault.detail}; mend it or pass --on-duplicate merge")
        if fault.kind == "invalid":
            place = f"at {fault.lon:.6f} {fault.lat:.6f}"
            raise InvalidInput(f"{fault.detail} {place}; mend it in a GIS")


def _grow_tree(
    layer: Layer, grid_set: GridSet, upper_names: Sequence[Mapping[str, str]]
) -> list[Grid]:
    areas = measure_areas(grid_set.polygons)
    leaf_rank = layer.leaf.rank
    uppers: dict[str, Grid] = {}
    leaves = []
    for code, polygon in grid_set.polygons.items():
        ancestors = grid_set.parents[code]
        parent = ancestors[0] if ancestors else None
        leaves.append(Grid(code, grid_set.names[code], leaf_rank, parent, areas[code], polygon))
        for step, ancestor in enumerate(ancestors):
            above = ancestors[step + 1] if step + 1 < len(ancestors) else None
            rank = leaf_rank - 1 - step
            name = (
                upper_names[step].get(ancestor, ancestor) if step < len(upper_names) else ancestor
            )
            known = uppers.get(ancestor)
            if known is None:
                uppers[ancestor] = Grid(ancestor, name, rank, above, areas[code])
                continue
            _refuse_two_places(known, rank, above)
            uppers[ancestor] = Grid(ancestor, name, rank, above, known.area_m2 + areas[code])
    both = set(uppers) & set(grid_set.polygons)
    if both:
        raise InvalidInput(
            f"code {min(both)} is both a grid and a parent; every code of a layer names one grid"
        )
    return [*sorted(uppers.values(), key=lambda grid: (grid.rank, grid.code)), *leaves]


def _refuse_two_places(known: Grid, rank: int, above: str | None) -> None:
    if known.rank != rank:
        raise InvalidInput(f"code {known.code} stands on two levels; give each level its own codes")
    if known.parent != above:
        raise InvalidInput(
            f"{known.code} has two parents, {known.parent} and {above}; a grid has one"
        )


def _digest(grids: Sequence[Grid]) -> str:
    """SHA-256 of codes, ranks, parents and polygons; the same for equal grids in any order."""
    sha = hashlib.sha256()
    for grid in sorted(grids, key=lambda grid: (grid.rank, grid.code)):
        sha.update(f"{grid.rank}\t{grid.code}\t{grid.parent or ''}\t{grid.name}\n".encode())
        if grid.polygon is not None:
            sha.update(shapely.to_wkb(shapely.normalize(grid.polygon), byte_order=1))
    return sha.hexdigest()
