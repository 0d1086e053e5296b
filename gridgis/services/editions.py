"""Editions made ready to answer: point index, tree and polygons, built once and kept.

An edition never changes, so what is derived from it is kept in memory for the latest editions asked
for, and its point index is kept on disk under its digest, mapped by every process.
"""

import threading
from collections import OrderedDict
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import shapely

from gridgis.errors import InvalidInput, NotFound
from gridgis.model.grids import Edition, Grid, Layer, Level
from gridgis.spatial.index import GridIndex
from gridgis.spatial.lattice import FloatArray
from gridgis.store import editions as edition_rows
from gridgis.store.database import Store

_KEPT_EDITIONS = 16
_OUTLINE_POINTS = 1024


@dataclass(frozen=True)
class EditionView:
    """One edition, ready to answer.

    `grids` holds all levels by code, without polygons; `index` numbers the leaf grids in the order
    of their codes; `_store` is asked for polygons only when a map is drawn.
    """

    layer: Layer
    edition: Edition
    grids: Mapping[str, Grid]
    index: GridIndex
    _store: Store

    @cached_property
    def chains(self) -> list[tuple[Grid, ...]]:
        """For each leaf number, the grid and its ancestors up to the top."""
        return [self.chain(code) for code in self.index.codes]

    @cached_property
    def codes_by_rank(self) -> Mapping[int, frozenset[str]]:
        """Codes of the grids of each rank."""
        ranks = [level.rank for level in self.layer.levels]
        return {
            rank: frozenset(grid.code for grid in self.grids.values() if grid.rank == rank)
            for rank in ranks
        }

    @cached_property
    def children(self) -> Mapping[str, tuple[str, ...]]:
        """Codes of the children of each grid that has any, ascending."""
        children: dict[str, list[str]] = {}
        for grid in self.grids.values():
            if grid.parent is not None:
                children.setdefault(grid.parent, []).append(grid.code)
        return {parent: tuple(sorted(codes)) for parent, codes in children.items()}

    @cached_property
    def outline(self) -> Any:
        """The lon/lat polygon that the leaf grids fill."""
        with self._store.reading() as tx:
            return edition_rows.load_outline(tx, self.edition.id)

    @cached_property
    def bounds(self) -> tuple[float, float, float, float]:
        """West, south, east, north of the outline in degrees."""
        west, south, east, north = (float(degrees) for degrees in shapely.bounds(self.outline))
        return west, south, east, north

    @cached_property
    def outline_points(self) -> FloatArray:
        """About a thousand lon/lat points along the outline, (n, 2), for places far from it."""
        rings = shapely.get_parts(shapely.boundary(self.outline))
        shares = shapely.length(rings) / shapely.length(rings).sum()
        points = [
            shapely.line_interpolate_point(
                ring, np.linspace(0, 1, max(8, round(_OUTLINE_POINTS * share))), normalized=True
            )
            for ring, share in zip(rings, shares, strict=True)
        ]
        coordinates: FloatArray = shapely.get_coordinates(np.concatenate(points))
        return coordinates

    @cached_property
    def _leaf_polygons(self) -> dict[str, Any]:
        with self._store.reading() as tx:
            grids = edition_rows.load_grids(tx, self.edition.id)
        return {grid.code: grid.polygon for grid in grids if grid.polygon is not None}

    def chain(self, code: str) -> tuple[Grid, ...]:
        """Return the grid and its ancestors, lowest first."""
        chain = [self.find_grid(code)]
        while (parent := chain[-1].parent) is not None:
            chain.append(self.grids[parent])
        return tuple(chain)

    def level_of(self, grid: Grid) -> Level:
        """Return the level of a grid."""
        return self.layer.levels[grid.rank - 1]

    def find_grid(self, code: str) -> Grid:
        """Find a grid of any level by its code."""
        try:
            return self.grids[code]
        except KeyError:
            raise NotFound(
                f"layer {self.layer.code} has no grid {code!r} in edition {self.edition.number}"
            ) from None

    def prepare(self) -> None:
        """Work out now what answers need, so that none of them waits or asks the database."""
        _ = self.chains, self.codes_by_rank, self.outline_points

    def bounds_of(self, code: str) -> tuple[float, float, float, float]:
        """West, south, east, north of one grid in degrees."""
        polygon = self.polygons(self.find_grid(code).rank)[code]
        west, south, east, north = (float(degrees) for degrees in shapely.bounds(polygon))
        return west, south, east, north

    def polygons(self, rank: int) -> dict[str, Any]:
        """Polygons of one level by code; upper ones are the union of their leaves, never stored."""
        if rank == self.layer.leaf.rank:
            return self._leaf_polygons
        return self._upper_polygons[rank]

    @cached_property
    def _upper_polygons(self) -> dict[int, dict[str, Any]]:
        members: dict[int, dict[str, list[Any]]] = {}
        for code, polygon in self._leaf_polygons.items():
            for ancestor in self.chain(code)[1:]:
                of_rank = members.setdefault(ancestor.rank, {})
                of_rank.setdefault(ancestor.code, []).append(polygon)
        return {
            rank: {code: shapely.coverage_union_all(parts) for code, parts in sorted(of.items())}
            for rank, of in members.items()
        }


class EditionViews:
    """Gives out views of editions and keeps the latest; safe to share between threads."""

    def __init__(self, store: Store, cache_dir: Path) -> None:
        self._store = store
        self._folder = cache_dir.expanduser() / "index"
        self._views: OrderedDict[int, EditionView] = OrderedDict()
        self._lock = threading.Lock()

    def open(self, layer: Layer, edition: Edition) -> EditionView:
        """Return the view of an edition, building what is not kept."""
        with self._lock:
            view = self._views.get(edition.id)
            if view is None:
                view = self._views[edition.id] = self._build(layer, edition)
            self._views.move_to_end(edition.id)
            while len(self._views) > _KEPT_EDITIONS:
                self._views.popitem(last=False)
            return view

    def _build(self, layer: Layer, edition: Edition) -> EditionView:
        with self._store.reading() as tx:
            grids = edition_rows.load_grids(tx, edition.id, with_polygons=False)
        by_code = {grid.code: grid for grid in grids}
        return EditionView(layer, edition, by_code, self._open_index(edition), self._store)

    def _open_index(self, edition: Edition) -> GridIndex:
        """Map the kept index, or build it; a damaged one is built anew, never believed."""
        folder = self._folder / edition.digest
        for path in sorted(folder.glob("*")):
            with suppress(InvalidInput):
                return GridIndex.open(path)
        with self._store.reading() as tx:
            grids = edition_rows.load_grids(tx, edition.id)
        leaves = [grid for grid in grids if grid.polygon is not None]
        index = GridIndex.build([grid.code for grid in leaves], [grid.polygon for grid in leaves])
        with suppress(OSError):  # a cache that cannot be written costs time, not answers
            folder.mkdir(parents=True, exist_ok=True)
            index.save(folder)
        return index
