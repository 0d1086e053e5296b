"""Coverage: what share of the residents of each grid a service point reaches in time.

Residents are counted at points, each by its own distance to the nearest service point; a polygon is
never asked. Without a street graph the distance is straight and stands for `circle_radius_m`.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np

from gridgis.model.points import circle_radius_m
from gridgis.services.editions import EditionView
from gridgis.spatial.circle import within_circles
from gridgis.store import points as point_rows
from gridgis.store.database import Store


@dataclass(frozen=True)
class Coverage:
    """Residents, and those reached, by grid number of `view`; residents outside it do not count."""

    view: EditionView
    minutes: int
    kind: str | None
    residents: Any
    covered: Any

    def shares(self) -> dict[str, float | None]:
        """Share reached by grid code; None where nobody lives."""
        counts = zip(self.view.index.codes, self.residents, self.covered, strict=True)
        return {code: _share(reached, living) for code, living, reached in counts}


def measure_coverage(
    store: Store, view: EditionView, *, minutes: int, kind: str | None
) -> Coverage:
    """Count the residents of each grid that have a service point of `kind` within `minutes`' walk.

    A resident is counted in the grid of his own point, whichever grid the service point is in.
    """
    with store.reading() as tx:
        lon, lat, residents = point_rows.load_residents(tx)
        points = point_rows.load_points(tx, kind=kind)
    grids = view.index.locate_many(lon, lat)
    inside = grids >= 0
    reached = within_circles(
        lon,
        lat,
        [point.lon for point in points],
        [point.lat for point in points],
        circle_radius_m(minutes),
    )
    count = len(view.index.codes)
    living = np.bincount(grids[inside], residents[inside], minlength=count)
    served = inside & reached
    covered = np.bincount(grids[served], residents[served], minlength=count)
    return Coverage(view, minutes, kind, living, covered)


def describe_coverage(coverage: Coverage) -> dict[str, Any]:
    """Describe coverage as a JSON-ready answer; the grids add up to the city."""
    residents, covered = float(coverage.residents.sum()), float(coverage.covered.sum())
    rows = zip(coverage.view.index.codes, coverage.residents, coverage.covered, strict=True)
    return {
        "layer": coverage.view.layer.code,
        "edition": coverage.view.edition.number,
        "minutes": coverage.minutes,
        "mode": "walk",
        "kind": coverage.kind,
        "method": "circle",
        "residents": residents,
        "covered": covered,
        "share": _share(covered, residents),
        "grids": [
            {
                "code": code,
                "residents": float(living),
                "covered": float(reached),
                "share": _share(reached, living),
            }
            for code, living, reached in rows
        ],
    }


def _share(covered: float, residents: float) -> float | None:
    # a sum of floats may pass the other by its last bit; a share never passes 1
    return None if residents <= 0 else min(1.0, round(float(covered) / float(residents), 6))
