"""Layers of a few squares, published and staffed in one line, for tests of services and API."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from gridgis.files.tabular import read_table
from gridgis.model.grids import Layer
from gridgis.services.editions import EditionViews
from gridgis.services.gridset import GridSet
from gridgis.services.importing import Actor, import_members
from gridgis.services.publishing import make_levels, prepare_edition, publish
from gridgis.services.snapshot import load_snapshot


def at(text):
    """Make a time: ``2026-03-03`` is its midnight in UTC."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def publish_grids(
    store, polygons, *, layer="town", levels=("grid",), parents=None, valid_from="2020-01-01", now
):
    """Publish polygons by code; `parents` gives the ancestors of each code, nearest first."""
    grid_set = GridSet(
        polygons=polygons,
        names={code: f"Grid {code}" for code in polygons},
        parents={code: (parents or {}).get(code, ()) for code in polygons},
    )
    new = prepare_edition(
        Layer(layer, layer.title(), make_levels(levels, {})),
        grid_set,
        valid_from=at(valid_from),
        source={},
    )
    return publish(store, new, now=now, actor="test")


def staff(store, folder, text, *, layer="town", now, zone="UTC"):
    """Import a roster written as CSV text."""
    path = folder / "roster.csv"
    path.write_text(text, encoding="utf-8")
    views = EditionViews(store, folder / "cache")
    snapshot = load_snapshot(store, views, now=now)
    actor = Actor("test", now, ZoneInfo(zone))
    return import_members(store, snapshot, read_table(path), layer=layer, actor=actor, commit=True)


def snapshot_of(store, folder, *, now):
    return load_snapshot(store, EditionViews(store, folder / "cache"), now=now)
