"""The coverage map of a layer: what is drawn, gathered from the store."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from gridgis.maps.contents import CoverageMap, MapGrid, MapIncidents
from gridgis.maps.coverage import render_coverage_map
from gridgis.model.grids import Edition
from gridgis.services.catalogue import describe_source, open_edition
from gridgis.services.coverage import describe_coverage, measure_coverage
from gridgis.services.editions import EditionView
from gridgis.services.lookup import Question, find_responsible
from gridgis.services.points import make_circles
from gridgis.services.snapshot import Snapshot
from gridgis.store import incidents as incident_rows
from gridgis.store import points as point_rows
from gridgis.store.database import Store

_WORDS = {
    "en": {
        "title_coverage": "Coverage of {layer}",
        "title_incidents": "Incidents by grid: {layer}",
        "incidents": "Incidents",
        "residents": "Residents",
        "covered": "Reached within {minutes} min (circle)",
        "responsible": "Responsible",
    },
    "zh-CN": {
        "title_coverage": "{layer}覆盖图",
        "title_incidents": "{layer}事件分布图",
        "incidents": "事件数",
        "residents": "居民数",
        "covered": "{minutes}分钟内可达(直线圆圈)",
        "responsible": "责任人",
    },
}


@dataclass(frozen=True)
class MapRequest:
    """What the map is to show; `title` None takes the name of the layer."""

    layer: str
    measure: Literal["incidents", "coverage"]
    minutes: int
    kind: str | None
    language: str
    title: str | None
    at: datetime


def draw_map(store: Store, snapshot: Snapshot, request: MapRequest, *, now: datetime) -> str:
    """Draw one self-contained HTML page of the edition in force at `request.at`."""
    view = open_edition(snapshot, request.layer, at=request.at)
    words = {
        k: v.format(layer=view.layer.name, minutes=request.minutes)
        for k, v in _WORDS[request.language].items()
    }
    with store.reading() as tx:
        points = point_rows.load_points(tx, kind=request.kind)
        incidents = incident_rows.load_incidents(tx)
        counts = incident_rows.count_by_grid(tx, request.layer)
    coverage = describe_coverage(
        measure_coverage(store, view, minutes=request.minutes, kind=request.kind)
    )
    return render_coverage_map(
        CoverageMap(
            title=request.title or words[f"title_{request.measure}"],
            language=request.language,
            measure=request.measure,
            layer=view.layer.name,
            edition=view.edition.number,
            at=request.at,
            made_at=now,
            grids=_make_grids(
                snapshot, view, request, counts=counts, coverage=coverage, words=words
            ),
            points=points,
            areas=make_circles(points, minutes=request.minutes, now=now),
            incidents=MapIncidents(
                lon=[incident.lon for incident in incidents],
                lat=[incident.lat for incident in incidents],
                category=[incident.category for incident in incidents],
            ),
            sources=_describe_sources(view.edition),
            figures=_make_figures(coverage, len(incidents), words),
        )
    )


def _make_grids(
    snapshot: Snapshot,
    view: EditionView,
    request: MapRequest,
    *,
    counts: dict[str, int],
    coverage: dict[str, Any],
    words: dict[str, str],
) -> list[MapGrid]:
    polygons = view.polygons(view.layer.leaf.rank)
    question = Question(request.at)
    grids = []
    for row in coverage["grids"]:
        code = row["code"]
        share = row["share"]
        members = find_responsible(snapshot.roster, view, view.chain(code), question)
        value = counts.get(code, 0) if request.measure == "incidents" else share
        details = {
            words["residents"]: f"{row['residents']:,.0f}",
            words["responsible"]: ", ".join(entry["member"] or "—" for entry in members),
        }
        # the measure of the map is in every popup already
        if request.measure == "coverage":
            details[words["incidents"]] = str(counts.get(code, 0))
        else:
            details[words["covered"]] = "—" if share is None else f"{share:.0%}"
        grids.append(MapGrid(code, view.grids[code].name, polygons[code], value, details))
    return grids


def _make_figures(
    coverage: dict[str, Any], incidents: int, words: dict[str, str]
) -> list[tuple[str, str]]:
    share = coverage["share"]
    return [
        (words["residents"], f"{coverage['residents']:,.0f}"),
        (words["covered"], "—" if share is None else f"{share:.1%}"),
        (words["incidents"], f"{incidents:,}"),
    ]


def _describe_sources(edition: Edition) -> list[str]:
    source = describe_source(edition)
    named = (source[field] for field in ("title", "authority", "licence", "date"))
    return [" · ".join(str(part) for part in named if part)]
