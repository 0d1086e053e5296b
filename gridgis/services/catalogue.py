"""What there is: layers, their editions, and single grids, as JSON-ready answers."""

from datetime import datetime
from typing import Any

from gridgis.errors import NotFound
from gridgis.model.grids import Edition, Layer
from gridgis.parse import format_time
from gridgis.services.editions import EditionView
from gridgis.services.lookup import (
    Answer,
    Question,
    describe_chain,
    describe_grid,
    find_responsible,
)
from gridgis.services.snapshot import Snapshot

_SOURCE_FIELDS = ("title", "authority", "url", "licence", "date", "crs", "datum")


def list_layers(snapshot: Snapshot, *, at: datetime) -> list[Answer]:
    """Describe all layers, each with its edition in force at `at`."""
    return [_describe_layer(snapshot, layer, at) for layer in snapshot.layers.values()]


def list_editions(snapshot: Snapshot, layer: str) -> list[Answer]:
    """Describe all editions of a layer by number."""
    editions = snapshot.editions[snapshot.find_layer(layer).code]
    by_number = sorted(editions, key=lambda edition: edition.number)
    return [describe_edition(snapshot, edition) for edition in by_number]


def open_edition(
    snapshot: Snapshot, layer: str, *, at: datetime, number: int | None = None
) -> EditionView:
    """Open the edition with a number, or the one in force at `at`.

    Raises
    ------
    NotFound
        If there is no such layer or edition, or none in force at `at`.
    """
    if number is not None:
        return snapshot.view(snapshot.find_edition(layer, number))
    edition = snapshot.edition_at(snapshot.find_layer(layer).code, at)
    if edition is None:
        raise NotFound(f"layer {layer} has no edition in force at {format_time(at)}")
    return snapshot.view(edition)


def find_rank(layer: Layer, level: str | None) -> int:
    """Return the rank of a level by its code; the lowest without one."""
    if level is None:
        return layer.leaf.rank
    for candidate in layer.levels:
        if candidate.code == level:
            return candidate.rank
    known = ", ".join(candidate.code for candidate in layer.levels)
    raise NotFound(f"layer {layer.code} has no level {level!r}; its levels are: {known}")


def describe_one_grid(
    snapshot: Snapshot, view: EditionView, code: str, question: Question
) -> Answer:
    """Describe one grid of any level: chain, children, size and who is responsible."""
    chain = view.chain(code)
    west, south, east, north = view.bounds_of(code)
    return {
        "layer": view.layer.code,
        "edition": view.edition.number,
        "grid": describe_grid(view, chain[0]),
        "chain": describe_chain(view, chain),
        "children": list(view.children.get(code, ())),
        "area_m2": chain[0].area_m2,
        "bbox": [west, south, east, north],
        "responsible": find_responsible(snapshot.roster, view, chain, question),
    }


def describe_edition(snapshot: Snapshot, edition: Edition) -> Answer:
    """Describe one edition: period, size and source."""
    valid_to = snapshot.valid_to(edition)
    return {
        "number": edition.number,
        "valid_from": format_time(edition.valid_from),
        "valid_to": None if valid_to is None else format_time(valid_to),
        "recorded_at": format_time(edition.recorded_at),
        "grid_count": edition.grid_count,
        "area_m2": edition.area_m2,
        "digest": edition.digest,
        "source": describe_source(edition),
    }


def describe_source(edition: Edition) -> dict[str, Any]:
    """Return the public fields of where an edition's borders came from."""
    return {field: edition.source.get(field) for field in _SOURCE_FIELDS}


def _describe_layer(snapshot: Snapshot, layer: Layer, at: datetime) -> Answer:
    edition = snapshot.edition_at(layer.code, at)
    levels = [{"rank": v.rank, "code": v.code, "name": v.name} for v in layer.levels]
    return {
        "code": layer.code,
        "name": layer.name,
        "levels": levels,
        "edition": None if edition is None else describe_edition(snapshot, edition),
        "bbox": None if edition is None else list(snapshot.view(edition).bounds),
    }
