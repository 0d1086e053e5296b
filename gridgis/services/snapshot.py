"""The snapshot that lookups are answered from: editions in force and the roster, swapped whole.

The database is the truth, never the hot path. A snapshot is immutable; `SnapshotKeeper` asks the
database four times a second whether something was published, builds the next snapshot beside the
present one and swaps a single reference. A reader takes the reference once per answer, so no answer
mixes two states; when the database is gone, answers go on from the last snapshot, marked stale.
"""

import logging
import threading
from bisect import bisect_right
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import Any

from gridgis.errors import NotFound
from gridgis.model.grids import Edition, Layer
from gridgis.services.editions import EditionView, EditionViews
from gridgis.services.roster import Roster
from gridgis.store import audit
from gridgis.store import editions as edition_rows
from gridgis.store import people as people_rows
from gridgis.store.database import Store

POLL_SECONDS = 0.25
LOOKUP_TOPIC: audit.Topic = "lookup"

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Snapshot:
    """Layers, editions and roster at one revision of the database.

    `editions` of a layer are in the order of `valid_from`. `kept` holds what lookups have worked
    out of the rest, by layer and era.
    """

    revision: int
    loaded_at: datetime
    layers: Mapping[str, Layer]
    editions: Mapping[str, tuple[Edition, ...]]
    roster: Roster
    views: EditionViews
    kept: dict[tuple[str, int], Any] = field(default_factory=dict, compare=False, repr=False)

    @cached_property
    def turning_points(self) -> Mapping[str, list[datetime]]:
        """For each layer when an edition or a responsibility begins or ends, ascending."""
        points = {layer: {e.valid_from for e in self.editions[layer]} for layer in self.layers}
        for layer, moments in self.roster.turning_points().items():
            points.setdefault(layer, set()).update(moments)
        return {layer: sorted(moments) for layer, moments in points.items()}

    def find_layer(self, code: str) -> Layer:
        """Find a layer by its code."""
        try:
            return self.layers[code]
        except KeyError:
            known = ", ".join(self.layers) or "none"
            raise NotFound(f"there is no layer {code!r}; the layers are: {known}") from None

    def edition_at(
        self, layer: str, at: datetime, known_at: datetime | None = None
    ) -> Edition | None:
        """Return the edition in force at `at`, as far as it was recorded at `known_at`."""
        editions = self.editions[layer]
        if known_at is not None:
            editions = tuple(e for e in editions if e.recorded_at <= known_at)
        position = bisect_right(editions, at, key=lambda edition: edition.valid_from)
        return editions[position - 1] if position else None

    def find_edition(self, layer: str, number: int) -> Edition:
        """Find an edition of a layer by its number."""
        for edition in self.editions[self.find_layer(layer).code]:
            if edition.number == number:
                return edition
        raise NotFound(f"layer {layer} has no edition {number}")

    def valid_to(self, edition: Edition) -> datetime | None:
        """When the next edition of the layer takes over; None while there is none."""
        starts = [other.valid_from for other in self.editions[edition.layer]]
        return min((start for start in starts if start > edition.valid_from), default=None)

    def view(self, edition: Edition) -> EditionView:
        """Return the edition ready to answer."""
        return self.views.open(self.layers[edition.layer], edition)


def load_snapshot(store: Store, views: EditionViews, *, now: datetime) -> Snapshot:
    """Read one consistent state of layers, editions and roster."""
    with store.reading() as tx:
        revision = audit.load_revisions(tx).get(LOOKUP_TOPIC, 0)
        layers = edition_rows.load_layers(tx)
        editions = edition_rows.load_editions(tx)
        roster = Roster(people_rows.load_responsibilities(tx))
    by_layer = {
        layer.code: tuple(
            sorted((e for e in editions if e.layer == layer.code), key=lambda e: e.valid_from)
        )
        for layer in layers
    }
    return Snapshot(revision, now, {layer.code: layer for layer in layers}, by_layer, roster, views)


class SnapshotKeeper:
    """Holds the current snapshot of one process and follows the database."""

    def __init__(self, store: Store, views: EditionViews, *, clock: Callable[[], datetime]) -> None:
        self._store = store
        self._views = views
        self._clock = clock
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None
        self.stale_since: datetime | None = None
        self.current = self._load()

    def start(self) -> None:
        """Follow the database in a thread of its own."""
        self._thread = threading.Thread(target=self._follow, name="snapshot", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """End the thread."""
        self._stop.set()
        if self._thread is not None:
            self._thread.join(timeout=5)

    def refresh(self) -> None:
        """Swap the snapshot if the database has moved on."""
        with self._store.reading() as tx:
            revision = audit.load_revisions(tx).get(LOOKUP_TOPIC, 0)
        if revision != self.current.revision:
            self.current = self._load()
        self.stale_since = None

    def _load(self) -> Snapshot:
        now = self._clock()
        snapshot = load_snapshot(self._store, self._views, now=now)
        for layer in snapshot.layers:
            edition = snapshot.edition_at(layer, now)
            if edition is not None:
                # what an answer may need of the edition is read now, while there is a database
                snapshot.view(edition).prepare()
        return snapshot

    def _follow(self) -> None:
        while not self._stop.wait(POLL_SECONDS):
            try:
                self.refresh()
            except Exception:
                if self.stale_since is None:
                    self.stale_since = self._clock()
                    _log.exception("the snapshot cannot be renewed; answers go on from the last")
