"""A small city and a large one to draw."""

from datetime import UTC, datetime

import numpy as np
import shapely

from gridgis.maps.contents import CoverageMap, MapGrid, MapIncidents
from gridgis.model.points import ServiceArea, ServicePoint, circle_radius_m
from gridgis.spatial.circle import circle

AT = datetime(2026, 11, 22, 8, 0, tzinfo=UTC)
WEST, SOUTH = 112.50, 37.85


def make_point(code: str, kind: str, lon: float, lat: float, **facts) -> ServicePoint:
    return ServicePoint(
        code=code, kind=kind, name=facts.pop("name", code), lon=lon, lat=lat, **facts
    )


def make_area(point: ServicePoint, method: str = "circle", minutes: int = 15) -> ServiceArea:
    radius_m = circle_radius_m(minutes)
    polygon = circle(point.lon, point.lat, radius_m)
    radius = radius_m if method == "circle" else None
    return ServiceArea(point.code, minutes, "walk", method, 5.0, radius, AT, polygon)


def make_four_grids(values=(0, 3, 7, None), details=None) -> list[MapGrid]:
    """Draw four grids of 0.01 degree with a common corner.

    ::

        C D
        A B
    """
    corners = {"A": (0, 0), "B": (1, 0), "C": (0, 1), "D": (1, 1)}
    return [
        MapGrid(
            code,
            f"Grid {code}",
            shapely.box(
                WEST + 0.01 * column,
                SOUTH + 0.01 * row,
                WEST + 0.01 * (column + 1),
                SOUTH + 0.01 * (row + 1),
            ),
            value,
            details or {"Head": f"Head of {code}"},
        )
        for (code, (column, row)), value in zip(corners.items(), values, strict=True)
    ]


def make_small_city(**changes) -> CoverageMap:
    station = make_point(
        "p1", "police_station", WEST + 0.005, SOUTH + 0.005, name="North Station", phone="110"
    )
    library = make_point("l1", "library", WEST + 0.015, SOUTH + 0.015, name="Old Library")
    contents = {
        "title": "Incidents of Xinghualing",
        "language": "en",
        "measure": "incidents",
        "layer": "Community grids",
        "edition": 3,
        "at": AT,
        "made_at": AT,
        "grids": make_four_grids(),
        "points": (station, library),
        "areas": (make_area(station),),
        "incidents": MapIncidents(
            [WEST + 0.012] * 3 + [WEST + 0.002] * 7,
            [SOUTH + 0.003] * 3 + [SOUTH + 0.013] * 7,
            ["noise"] * 4 + ["waste"] * 6,
        ),
        "sources": ("City survey, 2026, CC BY 4.0",),
        "figures": (("Residents inside", "62.7%"),),
    }
    return CoverageMap(**(contents | changes))


def make_large_city() -> CoverageMap:
    """Draw 900 grids of about 48 vertices, 150 circles and 10,000 incidents."""
    steps = np.linspace(0.0, 0.3, 361)
    lines = []
    for number in range(31):
        wave = 0.0006 * np.sin(steps * 900.0 + number) * (0 < number < 30)
        fixed = np.full_like(steps, 0.01 * number) + wave
        lines.append(shapely.linestrings(WEST + steps, SOUTH + fixed))
        lines.append(shapely.linestrings(WEST + fixed, SOUTH + steps))
    polygons = list(shapely.polygonize([shapely.union_all(lines)]).geoms)
    random = np.random.default_rng(3)
    grids = [
        MapGrid(f"G{number:04}", f"Community {number} grid", polygon, int(random.poisson(9)))
        for number, polygon in enumerate(polygons)
    ]
    places = np.add(random.uniform(0.01, 0.29, (150, 2)), (WEST, SOUTH))
    points = [make_point(f"s{n}", "police_station", *place) for n, place in enumerate(places)]
    lon, lat = random.uniform(0.0, 0.3, (2, 10_000))
    incidents = MapIncidents(lon + WEST, lat + SOUTH, random.choice(["noise", "waste"], 10_000))
    return make_small_city(
        grids=grids,
        points=points,
        areas=[make_area(point) for point in points],
        incidents=incidents,
    )
