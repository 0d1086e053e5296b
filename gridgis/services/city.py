"""A whole city from one folder: what `city.toml` lists comes in through the doors of any file."""

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from gridgis.errors import NotFound
from gridgis.files.points import read_points
from gridgis.files.provenance import read_provenance, read_toml
from gridgis.files.tabular import read_positions, read_table
from gridgis.files.vector import read_vector
from gridgis.model.grids import Layer, Level
from gridgis.parse import parse_time, parse_zone
from gridgis.services.editions import EditionViews
from gridgis.services.gridset import Columns, Parents, prepare_grids, read_parents
from gridgis.services.importing import (
    Actor,
    import_incidents,
    import_members,
    import_points,
    import_residents,
)
from gridgis.services.publishing import prepare_edition, publish
from gridgis.services.snapshot import Snapshot, load_snapshot
from gridgis.store import audit
from gridgis.store.database import Store

CITY_FILE = "city.toml"
_KNOWN_ROWS = 100_000


@dataclass(frozen=True)
class City:
    """A folder with a `city.toml`."""

    folder: Path
    title: str
    zone: ZoneInfo
    contents: Mapping[str, Any]


def find_city(name: str) -> City:
    """Find a city that is delivered with gridgis, or a folder by its path.

    Raises
    ------
    NotFound
        If there is none of that name.
    """
    package = Path(__file__).parent.parent
    homes = [package / "cities", package.parent / "data" / "boundaries"]
    for folder in [*(home / name for home in homes), Path(name)]:
        if (folder / CITY_FILE).is_file():
            contents = read_toml(folder / CITY_FILE)
            zone = parse_zone(contents.get("timezone", "UTC"))
            return City(folder, contents.get("title", name), zone, contents)
    known = sorted({path.parent.name for home in homes for path in home.glob(f"*/{CITY_FILE}")})
    raise NotFound(f"there is no city {name!r}; there is: {', '.join(known) or 'none'}")


def load_city(
    store: Store,
    views: EditionViews,
    city: City,
    *,
    now: datetime,
    actor: str,
    tell: Callable[[str], None],
) -> Snapshot:
    """Load all of a city; a file that was loaded before is passed over, so it can be called again.

    What was changed since then stays changed.

    Parameters
    ----------
    tell
        Is told each step in one line.
    """
    who = Actor(actor, now, city.zone)
    snapshot = load_snapshot(store, views, now=now)
    with store.reading() as tx:
        done = {str(row.detail.get("file")) for row in audit.load_audit(tx, limit=_KNOWN_ROWS)}
    loading = _Loading(store, snapshot, city, who, tell, frozenset(done))
    for described in city.contents.get("layers", ()):
        _load_layer(loading, described)
    loading = replace(loading, snapshot=load_snapshot(store, views, now=now))
    steps = {
        "members": _load_members,
        "points": _load_points,
        "residents": _load_residents,
        "incidents": _load_incidents,
    }
    for matter, load in steps.items():
        for described in city.contents.get(matter, ()):
            if not _was_loaded(loading, described):
                load(loading, described)
    return load_snapshot(store, views, now=now)


@dataclass(frozen=True)
class _Loading:
    """What every step of loading a city is given."""

    store: Store
    snapshot: Snapshot
    city: City
    who: Actor
    tell: Callable[[str], None]
    done: frozenset[str]
    """Digests of the files that were loaded before."""

    def path(self, described: Mapping[str, Any]) -> Path:
        return self.city.folder / str(described["file"])


def _was_loaded(loading: _Loading, described: Mapping[str, Any]) -> bool:
    with loading.path(described).open("rb") as file:
        is_done = hashlib.file_digest(file, "sha256").hexdigest() in loading.done
    if is_done:
        loading.tell(f"{described['file']}: was there")
    return is_done


def _load_layer(loading: _Loading, described: Mapping[str, Any]) -> None:
    valid_from = parse_time(described["valid_from"], loading.city.zone, "valid_from")
    present = loading.snapshot.editions.get(described["code"], ())
    if any(edition.valid_from == valid_from for edition in present):
        loading.tell(f"{described['name']}: was there")
        return
    path = loading.path(described)
    columns = Columns(
        described["code_column"],
        described.get("name_column"),
        described.get("parent_columns", ()),
    )
    file = read_vector(path)
    above = [_read_parents(loading, upper) for upper in described.get("upper_files", ())]
    grid_set = prepare_grids(file, columns, parents=above[0] if above else None)
    levels = tuple(Level(i + 1, code, name) for i, (code, name) in enumerate(described["levels"]))
    new = prepare_edition(
        Layer(described["code"], described["name"], levels),
        grid_set,
        valid_from=valid_from,
        upper_names=[parents.names for parents in above],
        source=read_provenance(path) | {"file": path.name, "sha256": file.digest},
    )
    publish(loading.store, new, now=loading.who.now, actor=loading.who.name)
    loading.tell(f"{described['name']}: {len(grid_set.polygons)} grids, proved seamless")


def _read_parents(loading: _Loading, described: Mapping[str, Any]) -> Parents:
    return read_parents(
        loading.path(described),
        code_column=described["code_column"],
        name_column=described["name_column"],
    )


def _load_members(loading: _Loading, described: Mapping[str, Any]) -> None:
    imported = import_members(
        loading.store,
        loading.snapshot,
        read_table(loading.path(described)),
        layer=described["layer"],
        actor=loading.who,
        valid_from=parse_time(described["valid_from"], loading.city.zone, "valid_from"),
        commit=True,
    )
    rows, vacancies = imported.counts["rows"], imported.counts["vacancies"]
    loading.tell(f"{described['file']}: {rows} rows, {vacancies} of them vacancies")


def _load_points(loading: _Loading, described: Mapping[str, Any]) -> None:
    imported = import_points(
        loading.store,
        read_points(loading.path(described)),
        columns={},
        kind=described.get("kind"),
        actor=loading.who,
        commit=True,
    )
    loading.tell(f"{described['file']}: {imported.counts['points']} service points")


def _load_residents(loading: _Loading, described: Mapping[str, Any]) -> None:
    imported = import_residents(
        loading.store,
        read_vector(loading.path(described)),
        residents=described["residents_column"],
        code=described["code_column"],
        actor=loading.who,
        commit=True,
    )
    loading.tell(f"{described['file']}: {imported.counts['residents']:,} residents")


def _load_incidents(loading: _Loading, described: Mapping[str, Any]) -> None:
    table = read_table(loading.path(described))
    imported = import_incidents(
        loading.store,
        loading.snapshot,
        table,
        read_positions(table),
        columns={key: described[f"{key}_column"] for key in ("code", "time", "category")},
        source=described["source"],
        actor=loading.who,
        commit=True,
    )
    loading.tell(f"{described['file']}: {imported.counts['rows']:,} incidents")
