"""Layers, their editions, and the grids of an edition."""

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime
from itertools import groupby
from typing import Any

from sqlalchemy import Row, func, insert, select, update

from gridgis.errors import Conflict, InvalidInput, NotFound
from gridgis.model.grids import Edition, Grid, Layer, Level
from gridgis.parse import format_time
from gridgis.store import tables
from gridgis.store.database import Transaction
from gridgis.store.dialect import lock
from gridgis.store.geometry import from_multipolygon_wkb, to_multipolygon_wkb

_EDITION_COLUMNS = [column for column in tables.edition.c if column.name != "outline"]


def save_layer(tx: Transaction, layer: Layer) -> None:
    """Record a layer; one that is there already is only given its new names.

    Raises
    ------
    Conflict
        If the layer is there with other levels.
    """
    lock(tx, "layers")
    known = {saved.code: saved for saved in load_layers(tx)}.get(layer.code)
    if known is None:
        tx.execute(insert(tables.layer).values(code=layer.code, name=layer.name))
        tx.execute(insert(tables.level), [_level_values(layer, level) for level in layer.levels])
        return
    if _level_codes(known) != _level_codes(layer):
        raise Conflict(
            f"layer {layer.code} has the levels {_level_codes(known)}, not {_level_codes(layer)}; "
            "give the same levels or choose another layer code"
        )
    is_layer = tables.layer.c.code == layer.code
    tx.execute(update(tables.layer).where(is_layer).values(name=layer.name))
    for level in layer.levels:
        is_level = (tables.level.c.layer == layer.code) & (tables.level.c.rank == level.rank)
        tx.execute(update(tables.level).where(is_level).values(name=level.name))


def load_layers(tx: Transaction) -> list[Layer]:
    """Load every layer with its levels from the top down, by code."""
    rows = tx.execute(select(tables.level).order_by(tables.level.c.layer, tables.level.c.rank))
    levels = {
        code: tuple(Level(row.rank, row.code, row.name) for row in found)
        for code, found in groupby(rows, key=lambda row: row.layer)
    }
    layers = tx.execute(select(tables.layer).order_by(tables.layer.c.code))
    return [Layer(row.code, row.name, levels[row.code]) for row in layers]


def add_edition(
    tx: Transaction,
    *,
    layer: str,
    valid_from: datetime,
    recorded_at: datetime,
    grids: Sequence[Grid],
    outline: Any,
    digest: str,
    source: Mapping[str, Any],
) -> Edition:
    """Publish the next edition of `layer`; it can never be changed.

    Parameters
    ----------
    grids
        The grids of every level, in any order; those of the highest rank hold the polygons.
    outline
        Polygon or MultiPolygon that the polygons fill; its holes are accepted gaps.

    Returns
    -------
    edition
        With the next number of its layer; `grid_count` and `area_m2` are of the leaf grids.

    Raises
    ------
    NotFound
        If there is no such layer.
    Conflict
        If the layer has an edition with this `valid_from`.
    InvalidInput
        If there is no grid, a code stands twice, or a parent is not among the grids.
    """
    lock(tx, "editions")
    _require_layer(tx, layer)
    _require_free(tx, layer, valid_from)
    _require_tree(layer, grids)
    lowest = max(grid.rank for grid in grids)
    leaves = [grid for grid in grids if grid.rank == lowest]
    edition = Edition(
        id=_next(tx, func.max(tables.edition.c.id)),
        layer=layer,
        number=_next(tx, func.max(tables.edition.c.number), tables.edition.c.layer == layer),
        valid_from=valid_from,
        recorded_at=recorded_at,
        digest=digest,
        grid_count=len(leaves),
        area_m2=sum(grid.area_m2 for grid in leaves),
        source=dict(source),
    )
    _insert_grids(tx, edition.id, grids)
    # The row of the edition seals its grids: from here on triggers refuse another one.
    (outline_wkb,) = to_multipolygon_wkb([outline])
    values = {column.name: getattr(edition, column.name) for column in _EDITION_COLUMNS}
    tx.execute(insert(tables.edition).values(**values, outline=outline_wkb))
    return edition


def load_editions(tx: Transaction, layer: str | None = None) -> list[Edition]:
    """Load the editions of `layer`, or of every layer; by layer, then number."""
    found = select(*_EDITION_COLUMNS).order_by(tables.edition.c.layer, tables.edition.c.number)
    if layer is not None:
        found = found.where(tables.edition.c.layer == layer)
    return [Edition(**row._mapping) for row in tx.execute(found)]


def load_grids(tx: Transaction, edition_id: int, *, with_polygons: bool = True) -> list[Grid]:
    """Load the grids of an edition, by rank, then code.

    A leaf grid with one part comes back as Polygon, with more as MultiPolygon; without
    `with_polygons` every polygon is None.

    Raises
    ------
    NotFound
        If there is no such edition.
    """
    grid = tables.grid.c
    columns = [grid.code, grid.name, grid.rank, grid.parent, grid.area_m2, grid.attributes]
    if with_polygons:
        columns.append(grid.polygon)
    rows = tx.execute(
        select(*columns).where(grid.edition_id == edition_id).order_by(grid.rank, grid.code)
    ).all()
    if not rows:
        raise NotFound(f"there is no edition with id {edition_id}")
    polygons = (
        from_multipolygon_wkb([row.polygon for row in rows])
        if with_polygons
        else [None] * len(rows)
    )
    return [_to_grid(row, polygon) for row, polygon in zip(rows, polygons, strict=True)]


def load_outline(tx: Transaction, edition_id: int) -> Any:
    """Load what the leaf grids of an edition fill: Polygon or MultiPolygon, holes accepted gaps.

    Raises
    ------
    NotFound
        If there is no such edition.
    """
    wkb = tx.scalar(select(tables.edition.c.outline).where(tables.edition.c.id == edition_id))
    if wkb is None:
        raise NotFound(f"there is no edition with id {edition_id}")
    return from_multipolygon_wkb([wkb])[0]


def _level_values(layer: Layer, level: Level) -> dict[str, Any]:
    return {"layer": layer.code, "rank": level.rank, "code": level.code, "name": level.name}


def _level_codes(layer: Layer) -> str:
    return " > ".join(f"{level.rank} {level.code}" for level in layer.levels)


def _require_layer(tx: Transaction, layer: str) -> None:
    if not tx.scalar(select(func.count()).where(tables.layer.c.code == layer)):
        raise NotFound(f"there is no layer {layer}; import its grids first")


def _require_free(tx: Transaction, layer: str, valid_from: datetime) -> None:
    edition = tables.edition.c
    taken = tx.scalar(
        select(edition.number).where(edition.layer == layer, edition.valid_from == valid_from)
    )
    if taken is not None:
        raise Conflict(
            f"edition {taken} of layer {layer} is valid from {format_time(valid_from)} already; "
            "choose another time"
        )


def _require_tree(layer: str, grids: Sequence[Grid]) -> None:
    if not grids:
        raise InvalidInput(f"an edition of layer {layer} needs grids, and none was given")
    counts = Counter(grid.code for grid in grids)
    for grid in grids:
        if counts[grid.code] > 1:
            raise InvalidInput(f"code {grid.code} stands {counts[grid.code]} times among the grids")
        if grid.parent is not None and grid.parent not in counts:
            raise InvalidInput(f"parent {grid.parent} of grid {grid.code} is not among the grids")


def _next(tx: Transaction, largest: Any, *conditions: Any) -> int:
    return (tx.scalar(select(largest).where(*conditions)) or 0) + 1


def _insert_grids(tx: Transaction, edition_id: int, grids: Sequence[Grid]) -> None:
    # Parents first: a grid refers to its parent's row.
    ordered = sorted(grids, key=lambda grid: (grid.rank, grid.code))
    leaves = [grid for grid in ordered if grid.polygon is not None]
    wkb = dict(
        zip(
            (grid.code for grid in leaves),
            to_multipolygon_wkb([grid.polygon for grid in leaves]),
            strict=True,
        )
    )
    tx.execute(
        insert(tables.grid),
        [
            {
                "edition_id": edition_id,
                "rank": grid.rank,
                "code": grid.code,
                "name": grid.name,
                "parent": grid.parent,
                "area_m2": grid.area_m2,
                "attributes": dict(grid.attributes),
                "polygon": wkb.get(grid.code),
            }
            for grid in ordered
        ],
    )


def _to_grid(row: Row[Any], polygon: Any) -> Grid:
    return Grid(
        code=row.code,
        name=row.name,
        rank=row.rank,
        parent=row.parent,
        area_m2=row.area_m2,
        polygon=polygon,
        attributes=row.attributes,
    )
