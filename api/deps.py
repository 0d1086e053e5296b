"""What routes are given: the wired services of this process, and strict requests."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated
from urllib.parse import parse_qsl
from zoneinfo import ZoneInfo

from fastapi import Depends, Request

from gridgis.errors import InvalidInput
from gridgis.services.snapshot import Snapshot, SnapshotKeeper
from gridgis.settings import Settings
from gridgis.store.database import Store


@dataclass(frozen=True)
class Wiring:
    """What one process holds; made in `create_app`, found at ``app.state.wiring``."""

    settings: Settings
    store: Store
    keeper: SnapshotKeeper
    zone: ZoneInfo
    clock: Callable[[], datetime]

    @property
    def snapshot(self) -> Snapshot:
        """The current snapshot; take it once for one answer."""
        return self.keeper.current


def _wiring(request: Request) -> Wiring:
    wiring: Wiring = request.app.state.wiring
    return wiring


Wired = Annotated[Wiring, Depends(_wiring)]


def refuse_doubled(request: Request) -> None:
    """Refuse a query that names a parameter twice; nobody can say which of the two was meant."""
    query = request.url.query
    if not query:
        return
    counts = Counter(name for name, _ in parse_qsl(query, keep_blank_values=True))
    for name, count in counts.items():
        if count > 1:
            raise InvalidInput(f"parameter {name} is given {count} times; give it once")
