"""The page as a reader has it: a file, a browser, and no network."""

from dataclasses import replace

import pytest

from gridgis.maps.contents import MapIncidents
from gridgis.maps.coverage import render_coverage_map
from tests.maps.cities import make_four_grids, make_point, make_small_city

pytestmark = [pytest.mark.browser, pytest.mark.usefixtures("built_assets")]

HOSTILE = "</script><img src=x onerror=window.hurt=1><script>window.hurt=1</script>"


@pytest.fixture
def open_page(browser, tmp_path):
    """Open a city as a file; gives the page with its requests and complaints beside it."""
    contexts = []

    def open_city(city, **options):
        file = tmp_path / "map.html"
        file.write_text(render_coverage_map(city), encoding="utf-8")
        context = browser.new_context(
            **({"viewport": {"width": 1280, "height": 800}, "reduced_motion": "reduce"} | options)
        )
        contexts.append(context)
        context.set_offline(True)
        page = context.new_page()
        page.requests, page.complaints = [], []
        page.on("request", lambda request: page.requests.append(request.url))
        page.on("console", lambda message: page.complaints.append(message.text))
        page.on("pageerror", lambda error: page.complaints.append(str(error)))
        page.goto(file.as_uri())
        page.wait_for_selector(".leaflet-control-scale-line")
        page.address = file.as_uri()
        return page

    yield open_city
    for context in contexts:
        context.close()


def search(page, text):
    page.fill("#wanted", text)
    page.press("#wanted", "Enter")
    page.wait_for_selector(".leaflet-popup .card")
    return page.inner_text(".leaflet-popup .card")


@pytest.mark.parametrize("language", ["en", "zh-CN"])
@pytest.mark.parametrize("measure", ["incidents", "coverage"])
def test_page_works_as_a_file_without_any_request(open_page, language, measure):
    values = (0, 3, 7, None) if measure == "incidents" else (0.0, 0.5, 1.0, None)
    grids = make_four_grids(values=values)
    page = open_page(make_small_city(language=language, measure=measure, grids=grids))
    page.click(".leaflet-control-zoom-in")
    assert "Head of B" in search(page, "Grid B")
    outside = [url for url in page.requests if not url.startswith(("data:", page.address))]
    assert outside == []
    assert page.complaints == []


@pytest.mark.parametrize("language", ["en", "zh-CN"])
@pytest.mark.parametrize("width", [1280, 360])
def test_axe_finds_no_serious_fault(open_page, axe, language, width):
    # axe is a script from outside: only for it the page's own policy is set aside
    viewport = {"width": width, "height": 800}
    page = open_page(make_small_city(language=language), bypass_csp=True, viewport=viewport)
    search(page, "Grid B")
    for summary in page.locator("summary").all():
        summary.click()
    page.add_script_tag(path=axe)
    found = page.evaluate("axe.run().then(result => result.violations)")
    serious = [fault for fault in found if fault["impact"] in ("serious", "critical")]
    assert [(fault["id"], fault["help"]) for fault in serious] == []


@pytest.mark.parametrize("bypass_csp", [False, True], ids=["with its policy", "without its policy"])
def test_hostile_names_do_not_run(open_page, bypass_csp):
    grids = [
        replace(grid, name=f"{grid.code} {HOSTILE}", details={HOSTILE: HOSTILE})
        for grid in make_four_grids()
    ]
    point = make_point("p1", HOSTILE, 112.505, 37.855, name=f"point {HOSTILE}")
    city = make_small_city(
        title=HOSTILE,
        grids=grids,
        points=[point],
        areas=[],
        incidents=MapIncidents([112.515], [37.855], [HOSTILE]),
        sources=[HOSTILE],
    )
    page = open_page(city, bypass_csp=bypass_csp)
    assert HOSTILE in search(page, "A <")
    assert HOSTILE in search(page, "point")
    assert HOSTILE in page.inner_text(".leaflet-control-layers")
    assert page.evaluate("document.images.length") == 0
    assert page.evaluate("window.hurt") is None
    assert page.complaints == []


def test_click_on_a_grid_shows_the_facts_of_its_row(open_page):
    page = open_page(make_small_city(points=(), areas=(), incidents=MapIncidents()))
    box = page.locator(".folium-map").bounding_box()
    # north-west of the middle lies C
    page.mouse.click(box["x"] + box["width"] / 2 - 60, box["y"] + box["height"] / 2 - 60)
    page.wait_for_selector(".leaflet-popup .card")
    assert page.inner_text(".leaflet-popup .card").split("\n") == [
        "C", "Name", "Grid C", "Incidents", "7", "Head", "Head of C",
    ]  # fmt: skip


def test_clusters_count_the_incidents(open_page):
    page = open_page(make_small_city())
    assert sorted(page.locator(".cluster").all_inner_texts()) == ["3", "7"]


def test_circles_follow_their_points(open_page):
    page = open_page(make_small_city(measure="coverage", grids=make_four_grids((0, 0, 0, 0))))
    drawn = """() => {
        let circles = 0;
        const map = Object.values(window).find(value => value instanceof L.Map);
        map.eachLayer(layer => circles += layer.options.dashArray === "6 4");
        return circles;
    }"""
    assert page.evaluate(drawn) == 1
    page.get_by_label("Police stations").uncheck()
    assert page.evaluate(drawn) == 0
    page.get_by_label("Police stations").check()
    assert page.evaluate(drawn) == 1


def test_table_sorts_by_value_and_leads_to_the_map(open_page):
    page = open_page(make_small_city())
    page.locator("summary").first.click()
    page.locator("#grids thead button", has_text="Incidents").click()
    assert page.locator("#grids tbody th").all_inner_texts() == ["C", "B", "A", "D"]
    page.locator("#grids thead button", has_text="Incidents").click()
    assert page.locator("#grids tbody th").all_inner_texts() == ["D", "A", "B", "C"]
    page.locator("#grids tbody button", has_text="C").click()
    page.wait_for_selector(".leaflet-popup .card")
    assert "Head of C" in page.inner_text(".leaflet-popup .card")
    assert page.inner_text("#status") == "C is shown on the map"


def test_search_tells_how_many_it_found(open_page):
    page = open_page(make_small_city())
    page.fill("#wanted", "grid")
    assert page.inner_text("#status") == "4 found"
    assert page.locator("#hits button").all_inner_texts() == [
        f"{code} · Grid {code}" for code in "ABCD"
    ]
    page.fill("#wanted", "nowhere")
    assert page.inner_text("#status") == "Nothing has this code or name"
    page.press("#wanted", "Escape")
    assert page.input_value("#wanted") == ""


def test_tables_are_there_without_scripts(browser, tmp_path):
    file = tmp_path / "map.html"
    file.write_text(render_coverage_map(make_small_city()), encoding="utf-8")
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(file.as_uri())
    assert "the tables hold its facts" in page.inner_text("main")
    assert page.locator("#grids tbody tr").count() == 4
    context.close()


def test_phone_shows_the_map_and_hides_the_layer_list(open_page):
    page = open_page(make_small_city(), viewport={"width": 360, "height": 640}, has_touch=True)
    assert page.evaluate("document.documentElement.scrollWidth") == 360
    assert not page.locator(".leaflet-control-layers-list").is_visible()
    page.tap(".leaflet-control-layers-toggle")
    assert page.locator(".leaflet-control-layers-list").is_visible()
