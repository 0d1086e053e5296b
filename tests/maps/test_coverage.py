import json
import re
from dataclasses import replace
from html.parser import HTMLParser

import folium
import pytest
from folium.plugins import FastMarkerCluster

from gridgis.errors import ConfigError, InvalidInput
from gridgis.maps import coverage
from gridgis.maps.contents import MapIncidents
from gridgis.maps.coverage import render_coverage_map
from gridgis.maps.selfcontained import read_assets
from tests.maps.cities import (
    AT,
    make_four_grids,
    make_large_city,
    make_point,
    make_small_city,
)

HOSTILE = "</script><img src=x onerror=alert(1)><!--"

pytestmark = pytest.mark.usefixtures("built_assets")


class Page(HTMLParser):
    """The elements of a page, and by tag the texts that stand directly in them, blanks trimmed."""

    VOID = frozenset({"meta", "link", "input", "img", "br"})

    def __init__(self, html):
        super().__init__()
        self.elements = []
        self._open = []
        self._texts = []
        self.feed(html)

    def handle_starttag(self, tag, attributes):
        self.elements.append((tag, dict(attributes)))
        self._texts.append("")
        if tag not in self.VOID:
            self._open.append(len(self.elements) - 1)

    def handle_endtag(self, tag):
        assert self.elements[self._open.pop()][0] == tag

    def handle_data(self, text):
        if self._open:
            self._texts[self._open[-1]] += text

    @property
    def texts(self):
        by_tag = {}
        for (tag, _), text in zip(self.elements, self._texts, strict=True):
            by_tag.setdefault(tag, []).append(text.strip())
        return by_tag

    def attributes_of(self, tag):
        return [attributes for name, attributes in self.elements if name == tag]

    @property
    def data(self):
        scripts = zip(self.attributes_of("script"), self.texts["script"], strict=True)
        return json.loads(next(text for have, text in scripts if have.get("id") == "map-data"))


@pytest.fixture(scope="module")
def small_page(built_assets):
    return Page(render_coverage_map(make_small_city()))


def test_page_says_its_language_title_and_time(small_page):
    assert small_page.attributes_of("html") == [{"lang": "en"}]
    assert small_page.texts["title"] == ["Incidents of Xinghualing"]
    assert small_page.texts["p"][0] == "Community grids · Edition 3 · as of"
    assert small_page.texts["time"][0] == "2026-11-22 08:00 UTC"


def test_chinese_page_is_chinese():
    page = Page(render_coverage_map(make_small_city(language="zh-CN", measure="incidents")))
    assert page.attributes_of("html") == [{"lang": "zh-CN"}]
    assert "每个网格的事件数" in page.texts["h3"]
    assert "15 分钟步行：直线圆圈，半径 833 米，不沿街道" in page.texts["span"]


def test_reader_may_zoom_the_page(small_page):
    (viewport,) = [a for a in small_page.attributes_of("meta") if a.get("name") == "viewport"]
    assert viewport["content"] == "width=device-width, initial-scale=1"


def test_legend_names_every_class_with_its_grids(small_page):
    # A 0, B 3, C 7, D no data
    labels = small_page.texts["span"][:4]
    counts = small_page.texts["small"][:4]
    assert labels == ["0", "1–3", "4–7", "no data"]
    assert counts == ["1 grid"] * 4


def test_tables_hold_what_the_map_shows(small_page):
    assert small_page.texts["th"][4:8] == ["A", "B", "C", "D"]
    rows = [cell for cell in small_page.texts["td"] if cell]
    assert rows[:3] == ["Grid A", "0", "Head of A"]
    assert "15 min walking: circle, 833 m straight, not along streets" in rows
    assert small_page.texts["th"][-4:] == ["Category", "Count", "waste", "noise"]


def test_data_of_the_drawing(small_page):
    data = small_page.data
    assert [grid["class"] for grid in data["grids"]] == [0, 1, 2, None]
    assert data["grids"][0]["at"] == [37.855, 112.505]
    # A is a square of 10,000 millionths of a degree
    ((ring,),) = data["grids"][0]["shape"]
    assert [abs(step) for step in ring[2:]] == [0, 10_000, 10_000, 0, 0, 10_000] or [
        abs(step) for step in ring[2:]
    ] == [10_000, 0, 0, 10_000, 10_000, 0]
    assert data["points"] == [[37.855, 112.505, 0], [37.865, 112.515, 1]]
    assert [area[0] for area in data["areas"]] == [0]


def test_incidents_are_rows_of_numbers_not_objects():
    html = render_coverage_map(make_small_city())
    assert "[37.853, 112.512, 1]" in html
    assert html.count("L.circleMarker(") == 1


def test_city_without_points_and_incidents_has_no_empty_parts():
    page = Page(render_coverage_map(make_small_city(points=(), areas=(), incidents=MapIncidents())))
    assert [a["id"] for a in page.attributes_of("table")] == ["grids"]
    assert page.texts["h3"] == ["Incidents per grid"]


def test_coverage_is_drawn_in_fifths():
    grids = make_four_grids(values=(0.0, 0.45, 1.0, None))
    page = Page(render_coverage_map(make_small_city(measure="coverage", grids=grids)))
    assert [grid["class"] for grid in page.data["grids"]] == [0, 2, 4, None]
    assert [cell for cell in page.texts["td"] if "%" in cell] == ["0.0%", "45.0%", "100.0%"]


def test_page_refers_to_nothing_outside_itself(small_page):
    for tag, attributes in small_page.elements:
        for name in ("src", "href", "srcset", "action", "data", "poster"):
            assert attributes.get(name, "#").startswith(("#", "data:")), (tag, attributes)
    libraries = [script.strip() for script in read_assets().scripts]
    for script in small_page.texts["script"]:
        if script not in libraries:
            assert not re.search(r"//\w|fetch\(|XMLHttpRequest|import\(|WebSocket", script)
    for style in small_page.texts["style"]:
        assert "@import" not in style
        for address in re.findall(r"url\(([^)]*)\)", style):
            assert address.startswith(("data:", "#"))


def test_every_script_and_style_is_allowed_by_its_digest(small_page):
    (policy,) = [
        attributes["content"]
        for attributes in small_page.attributes_of("meta")
        if attributes.get("http-equiv") == "Content-Security-Policy"
    ]
    assert policy.startswith("default-src 'none'")
    assert policy.count("'sha256-") == len(small_page.texts["style"]) + 4


def test_equal_contents_give_an_equal_page():
    assert render_coverage_map(make_small_city()) == render_coverage_map(make_small_city())


def test_class_wide_links_of_folium_stay_as_they_were():
    lists = (folium.Map, FastMarkerCluster)
    before = [(list(one.default_js), list(one.default_css)) for one in lists]
    render_coverage_map(make_small_city())
    assert [(one.default_js, one.default_css) for one in lists] == before


def test_hostile_names_are_text_everywhere():
    point = make_point("p1", HOSTILE, 112.505, 37.855, name=HOSTILE, address=HOSTILE)
    grids = [
        replace(grid, code=f"{HOSTILE}{grid.code}", name=HOSTILE, details={HOSTILE: HOSTILE})
        for grid in make_four_grids()
    ]
    city = make_small_city(
        title=HOSTILE,
        layer=HOSTILE,
        grids=grids,
        points=[point],
        areas=[],
        incidents=MapIncidents([112.5], [37.8], [HOSTILE]),
        sources=[HOSTILE],
        figures=[(HOSTILE, HOSTILE)],
    )
    html = render_coverage_map(city)
    assert "<img" not in html
    assert html.count("</script>") == html.count("<script") == 5
    assert Page(html).texts["h1"] == [HOSTILE]


def test_large_city_fits_in_three_megabytes():
    city = make_large_city()
    assert len(city.grids) == 900
    assert len(render_coverage_map(city).encode()) < 3_000_000


def test_missing_assets_are_refused_before_anything_is_drawn(monkeypatch, tmp_path):
    monkeypatch.setattr(coverage, "read_assets", lambda: read_assets(tmp_path))
    with pytest.raises(ConfigError, match="run make web"):
        render_coverage_map(make_small_city())


def test_unknown_language_is_refused():
    with pytest.raises(InvalidInput, match="language 'de'"):
        render_coverage_map(make_small_city(language="de", at=AT))
