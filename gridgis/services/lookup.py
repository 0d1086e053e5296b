"""Which grid is this, and who is responsible: the one answer of page, API and command line.

The answer is JSON-ready and is never empty without saying so: outside every grid it names the
nearest, a vacant grid falls back up the chain and says why, a place near a border names the
neighbour. Nothing here touches the database or a geometry object.
"""

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from gridgis.model.grids import Grid, Layer
from gridgis.model.people import Responsibility
from gridgis.parse import format_time
from gridgis.services.editions import EditionView
from gridgis.services.roster import Roster
from gridgis.services.snapshot import Snapshot
from gridgis.spatial.circle import find_nearest
from gridgis.spatial.datum import Datum, to_wgs84
from gridgis.spatial.index import Border
from gridgis.spatial.lattice import FloatArray, snap_position, to_degrees, to_lattice

Answer = dict[str, Any]
_ANSWERS_PER_BLOCK = 2000
_FAR_M = 20_000.0
_ERAS_PER_LAYER = 4
_KEPT_GRIDS = 20_000


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked beside the place.

    `layers` None means all; `at` is the time of the event, `known_at` asks for the answer as it was
    given then; `accuracy_m` is the radius within which the position may be wrong.
    """

    at: datetime
    layers: Sequence[str] | None = None
    known_at: datetime | None = None
    accuracy_m: float = 0.0


def look_up(snapshot: Snapshot, lon: float, lat: float, question: Question) -> Answer:
    """Answer for one place in WGS84 degrees.

    Returns
    -------
    answer
        ``{"lon", "lat", "at", "results": [...]}`` with one result for each layer asked; the
        position is that of the nearest lattice point.

    Raises
    ------
    NotFound
        If a layer that is asked for does not exist.
    """
    layers = find_layers(snapshot, question.layers)
    answering = [_find_answers(snapshot, layer, question) for layer in layers]
    return _answer_all(answering, lon, lat, question)


def look_up_if_ready(
    snapshot: Snapshot, lon: float, lat: float, question: Question
) -> Answer | None:
    """Answer as `look_up` does, if nothing must be loaded or built for it; else None.

    It takes some 20 µs, so that it may be called where nothing else can run meanwhile.
    """
    answering = []
    for code in snapshot.layers if question.layers is None else question.layers:
        layer = snapshot.layers.get(code)
        kept = None if layer is None else _find_kept(snapshot, layer, question)
        if kept is None:
            return None
        answering.append(kept)
    return _answer_all(answering, lon, lat, question)


def look_up_many(
    snapshot: Snapshot, lon: FloatArray, lat: FloatArray, question: Question
) -> Iterator[list[Answer]]:
    """Answer for n places in WGS84 degrees, in order, in blocks; each equals that of `look_up`."""
    layers = find_layers(snapshot, question.layers)
    answering = [_find_answers(snapshot, layer, question) for layer in layers]
    at = format_time(question.at)
    for start in range(0, len(lon), _ANSWERS_PER_BLOCK):
        block = slice(start, start + _ANSWERS_PER_BLOCK)
        block_lon, block_lat = to_degrees(to_lattice([lon[block], lat[block]]))
        columns = [
            layer.answer_many(block_lon, block_lat, question.accuracy_m) for layer in answering
        ]
        rows = zip(block_lon.tolist(), block_lat.tolist(), *columns, strict=True)
        yield [{"lon": x, "lat": y, "at": at, "results": list(some)} for x, y, *some in rows]


def position_in_wgs84(lon: float, lat: float, datum: Datum) -> tuple[float, float]:
    """Bring one position in degrees of a datum to WGS84; one in WGS84 stays as it is."""
    if datum == "wgs84":
        return lon, lat
    converted_lon, converted_lat = to_wgs84(lon, lat, datum)
    return float(converted_lon), float(converted_lat)


def find_layers(snapshot: Snapshot, codes: Sequence[str] | None) -> list[Layer]:
    """Find layers by code, each once; all of them without codes."""
    wanted = snapshot.layers if codes is None else dict.fromkeys(codes)
    return [snapshot.find_layer(code) for code in wanted]


class LayerAnswers:
    """Answers in one layer at any time of one era; what all places of a grid share is kept.

    An era is a span of time in which neither the edition nor anybody's responsibility changes.
    """

    def __init__(self, snapshot: Snapshot, layer: Layer, question: Question) -> None:
        self._snapshot = snapshot
        self._layer = layer
        self._question = question
        edition = snapshot.edition_at(layer.code, question.at, question.known_at)
        self._view = None if edition is None else snapshot.view(edition)
        self._common: dict[int, Answer] = {}

    def answer(self, lon: float, lat: float, accuracy_m: float) -> Answer:
        """Answer for one place on the lattice."""
        if self._view is None:
            return _no_edition(self._snapshot, self._layer, self._question)
        border = self._view.index.border(lon, lat)
        if border.grid < 0:
            return _outside(self._view, border, lon, lat)
        return self._with_border(self._view, border, accuracy_m)

    def answer_many(self, lon: FloatArray, lat: FloatArray, accuracy_m: float) -> list[Answer]:
        """Answer for n places on the lattice, in order."""
        view = self._view
        if view is None:
            return [_no_edition(self._snapshot, self._layer, self._question)] * len(lon)
        columns = (column.tolist() for column in view.index.border_many(lon, lat))
        borders = [Border(*row) for row in zip(*columns, strict=True)]
        return [
            _outside(view, border, x, y)
            if border.grid < 0
            else self._with_border(view, border, accuracy_m)
            for border, x, y in zip(borders, lon.tolist(), lat.tolist(), strict=True)
        ]

    def _with_border(self, view: EditionView, border: Border, accuracy_m: float) -> Answer:
        common = self._common.get(border.grid)
        if common is None:
            if len(self._common) >= _KEPT_GRIDS:
                self._common.clear()
            common = self._common[border.grid] = self._of_grid(view, border.grid)
        neighbour = None if border.neighbour < 0 else view.index.codes[border.neighbour]
        is_near = border.distance_m == 0.0 or border.distance_m < accuracy_m
        return common | {
            "border": {"distance_m": round(border.distance_m, 2), "neighbour": neighbour},
            "certainty": "ambiguous" if is_near else "certain",
        }

    def _of_grid(self, view: EditionView, number: int) -> Answer:
        chain = view.chains[number]
        return {
            "layer": self._layer.code,
            "edition": view.edition.number,
            "grid": describe_grid(view, chain[0]),
            "chain": describe_chain(view, chain),
            "responsible": find_responsible(self._snapshot.roster, view, chain, self._question),
        }


def _answer_all(
    answering: Sequence[LayerAnswers], lon: float, lat: float, question: Question
) -> Answer:
    lon, lat = snap_position(lon, lat)
    return {
        "lon": lon,
        "lat": lat,
        "at": format_time(question.at),
        "results": [layer.answer(lon, lat, question.accuracy_m) for layer in answering],
    }


def _find_answers(snapshot: Snapshot, layer: Layer, question: Question) -> LayerAnswers:
    """Find the answers of a question's era, and keep them with the snapshot."""
    answers = _find_kept(snapshot, layer, question)
    if answers is None:
        answers = LayerAnswers(snapshot, layer, question)
        if question.known_at is None:
            if len(snapshot.kept) >= _ERAS_PER_LAYER * len(snapshot.layers):
                snapshot.kept.clear()
            snapshot.kept[_name_era(snapshot, layer, question)] = answers
    return answers


def _find_kept(snapshot: Snapshot, layer: Layer, question: Question) -> LayerAnswers | None:
    if question.known_at is not None:
        return None
    kept: LayerAnswers | None = snapshot.kept.get(_name_era(snapshot, layer, question))
    return kept


def _name_era(snapshot: Snapshot, layer: Layer, question: Question) -> tuple[str, int]:
    return layer.code, bisect_right(snapshot.turning_points[layer.code], question.at)


def find_responsible(
    roster: Roster, view: EditionView, chain: tuple[Grid, ...], question: Question
) -> list[Answer]:
    """Say who answers for the lowest grid of `chain`, falling back up for each vacant role.

    A role is vacant when other grids of the same level have it and this one does not. The entry of
    a fallback names the grid whose member answers, and why; where there is nobody above either, its
    ``member`` is None. When nobody in the chain holds anything there is one such entry in all.
    """
    lowest = chain[0]
    entries = [_entry(holder) for holder in _holders(roster, view, lowest, question)]
    held = {entry["role"] for entry in entries}
    same_level = view.codes_by_rank[lowest.rank]
    roles = roster.roles_at(view.layer.code, same_level, question.at, question.known_at)
    for role in roles:
        if role not in held:
            answering = _fall_back(roster, view, chain, role, question)
            if answering or entries:
                entries += answering or [_nobody(chain[0]) | _vacancy(view, lowest, role)]
    if entries:
        return entries
    return _fall_back(roster, view, chain, None, question) or [_vacant_chain(view, chain)]


def describe_grid(view: EditionView, grid: Grid) -> Answer:
    """Name a grid: its code, name and level."""
    return {"code": grid.code, "name": grid.name, "level": view.level_of(grid).code}


def describe_chain(view: EditionView, chain: tuple[Grid, ...]) -> list[Answer]:
    """Name a grid and its ancestors, lowest first."""
    return [
        {"level": view.level_of(grid).code, "code": grid.code, "name": grid.name} for grid in chain
    ]


def _outside(view: EditionView, border: Border, lon: float, lat: float) -> Answer:
    nearest = view.grids[view.index.codes[border.neighbour]]
    distance_m = border.distance_m
    if distance_m > _FAR_M:
        # the plane of the index is for the neighbourhood; far away the earth is round
        _, far_m = find_nearest(lon, lat, *view.outline_points.T)
        distance_m = float(far_m[0])
    return _nowhere(view.layer, view.edition.number) | {
        "nearest": {
            "code": nearest.code,
            "name": nearest.name,
            "distance_m": round(distance_m, 2),
        }
    }


def _no_edition(snapshot: Snapshot, layer: Layer, question: Question) -> Answer:
    editions = snapshot.editions[layer.code]
    reason = f"layer {layer.code} has no edition yet"
    if editions:
        first = format_time(editions[0].valid_from)
        reason = f"layer {layer.code} has no edition in force then; its first begins at {first}"
        if question.known_at is not None:
            reason = f"no edition of layer {layer.code} for that time was recorded by then"
    return _nowhere(layer, None) | {"nearest": None, "reason": reason}


def _nowhere(layer: Layer, edition: int | None) -> Answer:
    return {
        "layer": layer.code,
        "edition": edition,
        "grid": None,
        "chain": [],
        "responsible": [],
        "border": None,
        "certainty": "outside",
    }


def _holders(
    roster: Roster, view: EditionView, grid: Grid, question: Question
) -> list[Responsibility]:
    return roster.holders(view.layer.code, grid.code, question.at, question.known_at)


def _fall_back(
    roster: Roster,
    view: EditionView,
    chain: tuple[Grid, ...],
    role: str | None,
    question: Question,
) -> list[Answer]:
    """Entries of the nearest ancestor that has `role`, else of the nearest that has anybody."""
    lowest = chain[0]
    above = [(grid, _holders(roster, view, grid, question)) for grid in chain[1:]]
    with_role = ((g, [h for h in holders if h.role == role]) for g, holders in above)
    for grid, holders in [*with_role, *above]:
        if holders:
            reason = _vacancy(view, lowest, role)
            answering = f"{view.level_of(grid).name} {grid.code} answers"
            return [
                _entry(h) | reason | {"reason": f"{reason['reason']}; {answering}"} for h in holders
            ]
    return []


def _entry(holder: Responsibility) -> Answer:
    return {
        "role": holder.role,
        "member": holder.member,
        "phone": holder.phone,
        "grid": holder.grid,
        "acting_for": None,
        "reason": None,
        "reason_code": None,
        "vacant": None,
    }


def _vacancy(view: EditionView, grid: Grid, role: str | None) -> Answer:
    level = view.level_of(grid)
    vacant = {"role": role, "level": level.code, "grid": grid.code}
    if role is None:
        reason = f"{level.name} {grid.code} has no member of its own"
        return {"reason": reason, "reason_code": "vacant_grid", "vacant": vacant}
    reason = f"{level.name} {grid.code} has no {role}"
    return {"reason": reason, "reason_code": "vacant_role", "vacant": vacant}


def _vacant_chain(view: EditionView, chain: tuple[Grid, ...]) -> Answer:
    named = ", ".join(f"{view.level_of(grid).name} {grid.code}" for grid in chain)
    reason = {"reason": f"nobody is named for {named}", "reason_code": "vacant_chain"}
    return _nobody(chain[0]) | _vacancy(view, chain[0], None) | reason


def _nobody(grid: Grid) -> Answer:
    return {"role": None, "member": None, "phone": None, "grid": grid.code, "acting_for": None}
