"""The public page for everybody: keyboard, screen readers, phones, large type, slow lines."""

import gzip
import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser import ROOT

# one group: with xdist, one worker serves the site for all of them
pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("site")]

PHONE = {
    "viewport": {"width": 360, "height": 640},
    "has_touch": True,
    "is_mobile": True,
    "device_scale_factor": 2,
}
ANSWER = "?lon=-77.0365&lat=38.8977&layer=anc"
BUDGET_BYTES = 300_000


def find_violations(page: Page, axe) -> list[str]:
    page.evaluate(axe.read_text())
    found = page.evaluate("axe.run(document)")["violations"]
    return [
        f"{one['id']}: {one['nodes'][0]['html']}"
        for one in found
        if one["impact"] in ("serious", "critical")
    ]


def await_answer(page: Page) -> None:
    expect(page.locator(".answer h2").first).to_be_visible()
    expect(page.locator(".nearest .row").first).to_be_visible()


def measure_overflow(page: Page) -> int:
    return page.evaluate(
        "document.documentElement.scrollWidth - document.documentElement.clientWidth"
    )


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("language", ["en", "zh-CN"])
@pytest.mark.parametrize("size", [pytest.param({}, id="desktop"), pytest.param(PHONE, id="phone")])
def test_axe_finds_nothing_serious_in_an_answer(visit, axe, language, scheme, size):
    page = visit(f"{ANSWER}&lang={language}", color_scheme=scheme, **size)
    await_answer(page)
    page.locator("summary").click()
    assert find_violations(page, axe) == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize(
    "query",
    [
        pytest.param("", id="before-any-question"),
        pytest.param("?grid=1C01&layer=anc", id="vacant-grid"),
        pytest.param("?grid=2A&layer=anc", id="upper-grid"),
        pytest.param("?lon=-76.9&lat=38.95&layer=anc", id="outside"),
        pytest.param("?point=police_station-district-6-6d", id="service-point"),
        pytest.param("?point=nowhere", id="message"),
    ],
)
def test_axe_finds_nothing_serious_in_other_states(visit, axe, query, scheme):
    page = visit(query, color_scheme=scheme)
    expect(page.locator(".map canvas").first).to_be_visible()
    if query not in ("", "?point=nowhere"):
        expect(page.locator(".answer h2").first).to_be_visible()
    page.get_by_role("tab", name="Service points").click()
    assert find_violations(page, axe) == []


def test_whole_path_works_with_the_keyboard(visit):
    page = visit()
    expect(page.locator(".map canvas").first).to_be_visible()
    page.keyboard.press("/")
    field = page.get_by_label("Place or grid", exact=True)
    expect(field).to_be_focused()
    expect(field).to_have_value("")
    page.keyboard.type("-77.0365, 38.8977")
    page.keyboard.press("Enter")
    expect(page.locator(".answer")).to_contain_text("Patrick Kennedy")
    expect(page.get_by_text("SMD 2A01. Responsible: Patrick Kennedy.")).to_be_attached()
    expect(field).to_be_focused()
    page.keyboard.press("Escape")
    expect(page.locator(".answer")).to_have_count(0)
    expect(field).to_have_value("")
    expect(field).to_be_focused()


def test_first_tab_skips_to_the_search(visit):
    page = visit()
    expect(page.locator(".map canvas").first).to_be_visible()
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to the search")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_label("Place or grid", exact=True)).to_be_focused()


def test_map_is_driven_by_keys(visit):
    page = visit("?grid=2A01&layer=anc")
    expect(page.locator(".answer")).to_contain_text("SMD 2A01")
    expect(page.get_by_text("Loading the grids")).to_have_count(0)
    scale = page.locator(".ol-scale-line-inner")
    before = scale.inner_text()
    page.locator(".map").focus()
    page.keyboard.press("+")
    expect(scale).not_to_have_text(before)
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile("lon=-77"))
    expect(page.locator(".answer")).to_contain_text("Border")


def test_tabs_of_the_lists_move_with_arrows(visit):
    page = visit()
    page.get_by_role("tab", name="Grids").focus()
    page.keyboard.press("ArrowRight")
    points = page.get_by_role("tab", name="Service points")
    expect(points).to_be_focused()
    expect(points).to_have_attribute("aria-selected", "true")


@pytest.mark.parametrize("language", ["en", "zh-CN"])
def test_answer_is_above_the_fold_on_a_phone(visit, language):
    page = visit(f"{ANSWER}&lang={language}", **PHONE)
    await_answer(page)
    assert page.evaluate("window.scrollY") == 0
    for part in (".member", ".facts .chip", ".answer h2"):
        box = page.locator(part).first.bounding_box()
        assert box["y"] + box["height"] <= 640, part


@pytest.mark.parametrize(
    ("size", "least_px"),
    [pytest.param({}, 24, id="desktop"), pytest.param(PHONE, 24, id="phone")],
)
def test_targets_are_large_enough(visit, size, least_px):
    page = visit(ANSWER, **size)
    await_answer(page)
    small = page.evaluate(
        """least => [...document.querySelectorAll('button, select, input, summary')]
            .map(one => one.type === 'checkbox' ? one.closest('label') : one)
            .map(one => [one.outerHTML.slice(0, 80), one.getBoundingClientRect()])
            .filter(([, box]) => box.width > 0 && Math.min(box.width, box.height) < least - 0.5)
            .map(([html]) => html)""",
        least_px,
    )
    assert small == []


def test_main_controls_fit_a_thumb_on_a_phone(visit):
    page = visit(ANSWER, **PHONE)
    await_answer(page)
    for control in page.locator(".button, .row, .map-buttons button, .ask input, select").all():
        box = control.bounding_box()
        if box is not None:
            assert box["height"] >= 44, control.evaluate("one => one.outerHTML")


@pytest.mark.parametrize(
    "width", [pytest.param(640, id="twice-as-large"), pytest.param(320, id="four-times-as-large")]
)
def test_nothing_is_cut_off_when_the_page_is_enlarged(visit, width):
    page = visit(ANSWER, viewport={"width": width, "height": 400})
    await_answer(page)
    assert measure_overflow(page) == 0


def test_focus_can_be_seen(visit):
    page = visit()
    button = page.get_by_role("button", name="Find")
    expect(button).to_be_visible()
    page.get_by_label("Place or grid", exact=True).focus()
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    expect(button).to_be_focused()
    assert button.evaluate("one => getComputedStyle(one).outlineStyle") == "solid"


def test_page_works_below_a_path_prefix(visit, site):
    page = visit()

    def strip(route):
        url = route.request.url.replace(f"{site}/city/", f"{site}/")
        route.fulfill(response=route.fetch(url=url))

    page.route(f"{site}/city/**", strip)
    page.goto(f"{site}/city/{ANSWER}")
    await_answer(page)
    assert "/city/?lon=-77.0365" in page.url
    page.unroute_all(behavior="wait")


@pytest.mark.usefixtures("site")
def test_page_is_light_before_its_data():
    files = [*(ROOT / "api/web").glob("index.html"), *(ROOT / "api/web/assets").iterdir()]
    assert sum(len(gzip.compress(file.read_bytes())) for file in files) < BUDGET_BYTES
