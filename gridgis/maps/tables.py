"""The tables of a page: every fact of the map as text, and the source of the map's popups."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from gridgis.maps.contents import MapGrid
from gridgis.maps.texts import describe_area, format_value, name_kind
from gridgis.model.points import ServiceArea, ServicePoint


@dataclass(frozen=True, slots=True)
class Cell:
    """A text, and the number it stands for where rows are sorted by it."""

    text: str
    number: float | None = None


@dataclass(frozen=True, slots=True)
class Table:
    """A table whose first column names the row; `name` is its id in the page."""

    name: str
    caption: str
    headings: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]
    numeric: frozenset[int] = frozenset()


def make_grid_table(grids: Sequence[MapGrid], measure: str, texts: Mapping[str, str]) -> Table:
    """Make the table of grids in the order given: code, name, value, then the details.

    Grids without data sort below every value.
    """
    details = list(dict.fromkeys(heading for grid in grids for heading in grid.details))
    rows = tuple(
        (
            Cell(grid.code),
            Cell(grid.name),
            Cell(
                format_value(grid.value, measure, texts),
                -1.0 if grid.value is None else float(grid.value),
            ),
            *(Cell(grid.details.get(heading, "")) for heading in details),
        )
        for grid in grids
    )
    headings = (texts["code"], texts["name"], texts[measure], *details)
    return Table("grids", texts["grids"], headings, rows, frozenset({2}))


def make_point_table(
    points: Sequence[ServicePoint], areas: Sequence[ServiceArea], texts: Mapping[str, str]
) -> Table:
    """Make the table of service points in the order given; columns that are empty are left out."""
    described: dict[str, list[str]] = {}
    for area in areas:
        described.setdefault(area.point, []).append(describe_area(area, texts))
    columns = {
        texts["name"]: [point.name for point in points],
        texts["kind"]: [name_kind(point.kind, texts) for point in points],
        texts["area"]: ["; ".join(described.get(point.code, ())) for point in points],
        texts["address"]: [point.address or "" for point in points],
        texts["phone"]: [point.phone or "" for point in points],
        texts["hours"]: [point.hours or "" for point in points],
        texts["services"]: [", ".join(point.services) for point in points],
    }
    kept = {heading: column for heading, column in columns.items() if any(column)}
    rows = tuple(tuple(Cell(text) for text in row) for row in zip(*kept.values(), strict=True))
    return Table("points", texts["points"], tuple(kept), rows)


def make_category_table(categories: Sequence[str], texts: Mapping[str, str]) -> Table:
    """Make the table of incident categories, the most frequent first, equals by name."""
    counts = sorted(Counter(categories).items(), key=lambda item: (-item[1], item[0]))
    rows = tuple((Cell(name), Cell(f"{count:,}", float(count))) for name, count in counts)
    headings = (texts["category"], texts["count"])
    return Table("categories", texts["incidents"], headings, rows, frozenset({1}))
