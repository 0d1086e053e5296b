"""The coverage map: grids coloured by incidents or by coverage, service points, areas, incidents.

The page is made of three parts. folium makes the map and its layers (`layers`); `page/coverage.js`
fills them from compact data; the facts themselves stand in tables of the same page (`tables`), from
which the popups are read, so that map and tables cannot disagree. `selfcontained` says why the page
asks nothing of any server.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import orjson
import shapely
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from gridgis.maps.borders import encode, merge_outline, simplify_grids
from gridgis.maps.contents import CoverageMap, check_contents, to_lat_lon
from gridgis.maps.layers import LayerNames, MapParts, draw_layers
from gridgis.maps.legend import (
    LegendClass,
    classify_counts,
    classify_shares,
    find_class,
    pick_line,
)
from gridgis.maps.selfcontained import make_inline_script, make_policy, read_assets
from gridgis.maps.symbols import Symbol, pick_symbol
from gridgis.maps.tables import Table, make_category_table, make_grid_table, make_point_table
from gridgis.maps.texts import count_grids, describe_area, find_texts, format_moment, name_kind

_PAGE = Path(__file__).parent / "page"
_TOLERANCE_DEGREES = 2e-5
"""About 2 m: what a screen can show at the closest zoom, and no more."""
_DECIMALS = 6
_SCRIPT_TEXTS = (
    "close", "hits", "layers", "map", "no_hit", "shown", "sort", "zoom_in", "zoom_out",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Legend:
    """What the legend explains; `classes` are colour, label and how many grids they hold."""

    heading: str
    classes: Sequence[tuple[str, str, str]]
    without_data: str | None
    kinds: Sequence[tuple[Symbol, str]]
    areas: Sequence[str]


def render_coverage_map(contents: CoverageMap) -> str:
    """Render one HTML page that works from a file, without any request.

    Equal contents give an equal page, byte by byte. The page is UTF-8.

    Parameters
    ----------
    contents
        What to draw; its polygons are lon/lat in degrees. Nothing in it is changed.

    Returns
    -------
    html
        The whole page, about 250 kB plus 8 bytes a border vertex and 30 bytes an incident.

    Raises
    ------
    InvalidInput
        If the contents cannot be drawn, the language is not known, or a value is not what its
        measure asks for.
    ConfigError
        If the map assets have not been built.
    """
    check_contents(contents)
    texts = find_texts(contents.language)
    assets = read_assets()
    classes = _classify(contents)
    tables = _make_tables(contents, texts)
    kinds = tuple(dict.fromkeys(point.kind for point in contents.points))
    parts = _draw(contents, tables[-1], kinds, texts)
    scripts = (*assets.scripts, _read("coverage.js"), parts.script)
    scripts = tuple(make_inline_script(script) for script in scripts)
    styles = (*assets.styles, _read("coverage.css"))
    page = Environment(
        loader=FileSystemLoader(_PAGE), autoescape=True, undefined=StrictUndefined, trim_blocks=True
    ).get_template("coverage.html")
    return page.render(
        contents=contents,
        texts=texts,
        format_moment=format_moment,
        tables=[table for table in tables if table.rows],
        legend=_make_legend(contents, classes, kinds, texts),
        map_html=parts.html,
        map_data=_make_data(contents, classes, kinds, texts),
        scripts=scripts,
        styles=styles,
        policy=make_policy(scripts, styles),
        notices=assets.notices,
    )


def _classify(contents: CoverageMap) -> tuple[LegendClass, ...]:
    classify = classify_counts if contents.measure == "incidents" else classify_shares
    return classify([grid.value for grid in contents.grids])


def _make_tables(contents: CoverageMap, texts: Mapping[str, str]) -> tuple[Table, Table, Table]:
    return (
        make_grid_table(contents.grids, contents.measure, texts),
        make_point_table(contents.points, contents.areas, texts),
        make_category_table(contents.incidents.category, texts),
    )


def _draw(
    contents: CoverageMap, categories: Table, kinds: Sequence[str], texts: Mapping[str, str]
) -> MapParts:
    west, south, east, north = shapely.total_bounds([grid.polygon for grid in contents.grids])
    numbers = {row[0].text: number for number, row in enumerate(categories.rows)}
    places = np.round(to_lat_lon(contents.incidents), _DECIMALS).tolist()
    return draw_layers(
        bounds=((float(south), float(west)), (float(north), float(east))),
        names=LayerNames(
            grids=texts["grids"],
            areas=texts["areas"] if contents.areas else None,
            kinds=[name_kind(kind, texts) for kind in kinds],
            incidents=texts["incidents"],
        ),
        incidents=[
            [*place, numbers[category]]
            for place, category in zip(places, contents.incidents.category, strict=True)
        ],
        show_areas=contents.measure == "coverage",
        show_incidents=contents.measure == "incidents",
    )


def _make_data(
    contents: CoverageMap,
    classes: Sequence[LegendClass],
    kinds: Sequence[str],
    texts: Mapping[str, str],
) -> str:
    """Write what `page/coverage.js` draws as JSON that can stand inside a script element."""
    polygons = simplify_grids([grid.polygon for grid in contents.grids], _TOLERANCE_DEGREES)
    inside = np.round(shapely.get_coordinates(shapely.point_on_surface(polygons)), _DECIMALS)
    kind_of = {point.code: kinds.index(point.kind) for point in contents.points}
    drawing = {
        "grids": [
            {"class": find_class(grid.value, classes), "at": [lat, lon], "shape": encode(polygon)}
            for grid, polygon, (lon, lat) in zip(
                contents.grids, polygons, inside.tolist(), strict=True
            )
        ],
        "outline": encode(merge_outline(polygons)),
        "classes": [{"fill": one.colour, "line": pick_line(one.colour)} for one in classes],
        "points": [
            [round(point.lat, _DECIMALS), round(point.lon, _DECIMALS), kind_of[point.code]]
            for point in contents.points
        ],
        "areas": [[kind_of[area.point], encode(area.polygon)] for area in contents.areas],
        "areaColours": [pick_symbol(number).colour for number in range(len(kinds))],
        "texts": {key: texts[key] for key in _SCRIPT_TEXTS},
    }
    return orjson.dumps(drawing, option=orjson.OPT_SERIALIZE_NUMPY).decode().replace("<", r"\u003c")


def _make_legend(
    contents: CoverageMap,
    classes: Sequence[LegendClass],
    kinds: Sequence[str],
    texts: Mapping[str, str],
) -> Legend:
    sizes = Counter(find_class(grid.value, classes) for grid in contents.grids)
    return Legend(
        heading=texts[f"measure_{contents.measure}"],
        classes=[
            (one.colour, one.label, count_grids(sizes[number], texts))
            for number, one in enumerate(classes)
        ],
        without_data=count_grids(sizes[None], texts) if sizes[None] else None,
        kinds=[(pick_symbol(number), name_kind(kind, texts)) for number, kind in enumerate(kinds)],
        areas=list(dict.fromkeys(describe_area(area, texts) for area in contents.areas)),
    )


def _read(name: str) -> str:
    return (_PAGE / name).read_text(encoding="utf-8")
