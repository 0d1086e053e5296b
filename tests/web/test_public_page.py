"""The public page in a real browser against the real service: questions and their answers."""

import re
from collections.abc import Callable

import pytest
import shapely
from playwright.sync_api import Page, Route, expect

# one group: with xdist, one worker serves the site for all of them
pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("site")]

PLACE = {"lon": -77.0365, "lat": 38.8977}
TYPED = "-77.0365, 38.8977"
VACANT = "1C01"
HOSTILE = "<img src=x onerror=\"document.title='hurt'\"></script>"


def answer_of(page: Page):
    return page.get_by_role("region", name="Answer")


def type_in(page: Page, text: str) -> None:
    page.get_by_label("Place or grid", exact=True).fill(text)
    page.keyboard.press("Enter")


def read_place(page: Page) -> dict[str, float]:
    """Read the place that the address bar names."""
    page.wait_for_url(re.compile(r"lon="))
    found = re.search(r"lon=([-\d.]+)&lat=([-\d.]+)", page.url)
    assert found is not None
    return {"lon": float(found[1]), "lat": float(found[2])}


def expect_answer(page: Page, result: dict) -> None:
    """Expect the card to say what the service says of one layer."""
    card = answer_of(page)
    expect(card.get_by_role("heading", level=2)).to_have_text(result["grid"]["name"])
    for entry in result["responsible"]:
        expect(card.locator(".responsible")).to_contain_text(entry["member"])
    neighbour = result["border"]["neighbour"]
    border = rf"from (\w+ )?{neighbour}" if neighbour else "from the outer border"
    expect(card).to_contain_text(re.compile(border))


def inner_point(ask, layer: str, code: str) -> dict[str, float]:
    grids = ask(f"layers/{layer}/grids.geojson")["features"]
    (polygon,) = [grid["geometry"] for grid in grids if grid["id"] == code]
    point = shapely.geometry.shape(polygon).representative_point()
    return {"lon": round(point.x, 6), "lat": round(point.y, 6)}


def hold_in(held: list[Route]) -> Callable[[Route], None]:
    """Keep requests unanswered for the test to answer; `append` itself cannot be a handler."""

    def hold(route: Route) -> None:
        held.append(route)

    return hold


def await_map(page: Page) -> None:
    expect(page.get_by_text("Loading the grids")).to_have_count(0)
    expect(page.locator(".map canvas").first).to_be_visible()


class TestQuestions:
    def test_typed_coordinates_give_the_answer_of_the_service(self, visit, ask):
        page = visit()
        type_in(page, TYPED)
        expect_answer(page, ask("lookup", **PLACE, layer="anc")["results"][0])
        assert read_place(page) == PLACE

    @pytest.mark.parametrize(
        "typed",
        [
            pytest.param("38.8977 N, 77.0365 W", id="letters-in-either-order"),
            pytest.param("-77.0365，38.8977", id="chinese-comma"),
        ],
    )
    def test_place_is_read_as_people_write_it(self, visit, ask, typed):
        page = visit()
        type_in(page, typed)
        expect_answer(page, ask("lookup", **PLACE, layer="anc")["results"][0])

    def test_click_on_the_map_gives_the_answer_of_the_service(self, visit, ask):
        page = visit("?grid=2A01")
        expect(answer_of(page)).to_contain_text("SMD 2A01")
        await_map(page)
        page.locator(".map").click(position={"x": 300, "y": 200})
        place = read_place(page)
        assert place != PLACE
        expect_answer(page, ask("lookup", **place, layer="anc")["results"][0])

    def test_swapped_coordinates_are_questioned_before_they_are_used(self, visit, ask):
        page = visit()
        type_in(page, "38.8977, -77.0365")
        confirm = page.get_by_role("button", name="Yes, use 77.0365° W, 38.8977° N")
        expect(confirm).to_be_focused()
        expect(answer_of(page)).to_have_count(0)
        page.keyboard.press("Enter")
        expect_answer(page, ask("lookup", **PLACE, layer="anc")["results"][0])

    @pytest.mark.parametrize("typed", ["2A08", "2a08", "smd 2A08"])
    def test_grid_code_or_name_is_answered(self, visit, ask, typed):
        page = visit()
        await_map(page)
        type_in(page, typed)
        grid = ask("grids/anc/2A08")
        card = answer_of(page)
        expect(card.get_by_role("heading", level=2)).to_have_text("SMD 2A08")
        expect(card).to_contain_text(grid["responsible"][0]["member"])
        expect(card.get_by_role("button", name="ANC 2A")).to_be_visible()

    def test_upper_grid_lists_the_grids_inside(self, visit, ask):
        page = visit()
        await_map(page)
        type_in(page, "2A")
        inside = answer_of(page).locator(".children button")
        expect(inside).to_have_text(ask("grids/anc/2A")["children"])
        inside.first.click()
        expect(answer_of(page).get_by_role("heading", level=2)).to_have_text("SMD 2A01")

    def test_datum_is_passed_on(self, visit):
        page = visit()
        page.get_by_text("As of today").click()
        page.get_by_label("Coordinates in").select_option("gcj02")
        with page.expect_request(re.compile(r"/lookup\?.*datum=gcj02")):
            type_in(page, "116.404, 39.915")
        page.wait_for_url(re.compile("datum=gcj02"))
        expect(answer_of(page)).to_contain_text("Outside every grid")

    def test_impossible_coordinates_are_refused_with_an_example(self, visit):
        page = visit()
        type_in(page, "190, 95")
        expect(page.get_by_role("alert").first).to_contain_text("Longitude is between −180 and 180")

    def test_location_is_asked_with_its_accuracy(self, visit, ask):
        here = {"longitude": PLACE["lon"], "latitude": PLACE["lat"], "accuracy": 200}
        page = visit("", geolocation=here, permissions=["geolocation"])
        page.get_by_role("button", name="Use my location").click()
        result = ask("lookup", **PLACE, layer="anc", accuracy_m=200)["results"][0]
        assert result["certainty"] == "ambiguous"
        expect_answer(page, result)
        expect(answer_of(page)).to_contain_text("Not certain")
        expect(answer_of(page)).to_contain_text("± 200 m")

    def test_denied_location_says_what_works_instead(self, visit):
        page = visit("", permissions=[])
        page.get_by_role("button", name="Use my location").click()
        expect(page.get_by_role("alert").first).to_contain_text("Type coordinates or click the map")


class TestAnswers:
    def test_vacant_grid_shows_who_acts_and_why(self, visit, ask):
        place = inner_point(ask, "anc", VACANT)
        (result,) = ask("lookup", **place, layer="anc")["results"]
        assert result["responsible"][0]["reason_code"] is not None
        page = visit(f"?lon={place['lon']}&lat={place['lat']}&layer=anc")
        expect_answer(page, result)
        card = answer_of(page)
        expect(card.locator(".responsible .note")).to_contain_text("SMD 1C01 is vacant; ANC 1C")

    def test_vacancy_is_said_in_chinese(self, visit):
        page = visit(f"?grid={VACANT}&layer=anc&lang=zh-CN")
        expect(page.locator(".responsible .note")).to_contain_text("SMD 1C01的专员空缺，由ANC 1C")

    def test_place_outside_names_the_nearest_grid(self, visit, ask):
        (result,) = ask("lookup", lon=-76.9, lat=38.95, layer="anc")["results"]
        page = visit("?lon=-76.9&lat=38.95&layer=anc")
        card = answer_of(page)
        expect(card.get_by_role("heading", level=2)).to_have_text(
            "Outside every grid of Advisory Neighborhood Commissions"
        )
        expect(card).to_contain_text(f"The nearest grid is {result['nearest']['name']}")
        kilometres = round(result["nearest"]["distance_m"] / 1000, 1)
        expect(card).to_contain_text(f"{kilometres:g} km away")

    def test_duty_phone_can_be_called(self, visit, ask):
        phone = ask("lookup", **PLACE, layer="police")["results"][0]["responsible"][0]["phone"]
        page = visit("?lon=-77.0365&lat=38.8977&layer=police")
        call = answer_of(page).get_by_role("link", name=f"Call {phone}")
        digits = re.sub(r"\D", "", phone)
        expect(call).to_have_attribute("href", f"tel:{digits}")

    def test_nearest_service_points_are_in_minutes_and_words(self, visit, ask):
        page = visit("?lon=-77.0365&lat=38.8977&layer=anc")
        rows = page.locator(".nearest .row")
        expect(rows).to_have_count(5)  # one a kind
        (near,) = ask("service-points/nearest", **PLACE, limit=1)["service_points"]
        expect(rows.first).to_contain_text(near["name"])
        expect(rows.first).to_contain_text("inside 15 min")
        assert near["within"]
        expect(rows.last).to_contain_text("outside 15 min")
        expect(page.locator(".nearest")).to_contain_text("circle")

    def test_hidden_kinds_leave_the_list_too(self, visit):
        page = visit("?lon=-77.0365&lat=38.8977&layer=anc")
        expect(page.locator(".nearest .row")).to_have_count(5)
        page.get_by_label("Library").uncheck()
        expect(page.locator(".nearest .row")).to_have_count(4)

    def test_service_point_shows_its_circle_as_a_circle(self, visit, ask):
        point = ask("service-points", kind="police_station", limit=1)["service_points"][0]
        page = visit(f"?point={point['code']}")
        card = answer_of(page)
        expect(card.get_by_role("heading", level=2).first).to_have_text(point["name"])
        expect(card).to_contain_text("15-minute circle: drawn from the straight distance")
        expect(card).to_contain_text(point["phone"])

    def test_other_layers_are_a_click_away(self, visit, ask):
        page = visit("?lon=-77.0365&lat=38.8977&layer=anc")
        page.get_by_role("button", name="Ward 2").click()
        expect_answer(page, ask("lookup", **PLACE, layer="ward")["results"][0])
        page.wait_for_url(re.compile("layer=ward"))

    def test_source_licence_edition_and_date_are_named(self, visit):
        page = visit()
        footer = page.locator("footer")
        expect(footer).to_contain_text("edition 1, in force since January 1, 2013")
        expect(footer).to_contain_text("Government of the District of Columbia")
        expect(footer).to_contain_text("Licence: CC BY 4.0")
        expect(footer).to_contain_text("data of August 16, 2016")

    def test_hostile_names_are_text(self, visit):
        page = visit()
        page.route(re.compile("/api/v1/(lookup|layers$|service-points|page)"), poison)
        page.goto(page.url.split("?")[0] + "?lon=-77.0365&lat=38.8977")
        expect(answer_of(page).locator(".member").first).to_have_text(HOSTILE)
        page.get_by_role("tab", name="Service points").click()
        expect(page.locator(".listing .row-title").first).to_have_text(HOSTILE)
        expect(page).to_have_title("Who looks after this place? · gridgis")
        assert page.locator("img").count() == 0


def poison(route: Route) -> None:
    """Answer with hostile text wherever the service names something."""
    answer = route.fetch()
    names = r'"(name|member|address|authority|licence|title|phone)":"[^"]*"'
    hostile = HOSTILE.replace('"', r"\"")
    body = re.sub(names, lambda found: f'"{found[1]}":"{hostile}"', answer.text())
    route.fulfill(response=answer, body=body)


class TestLinks:
    def test_link_restores_place_layer_date_and_language(self, visit, ask):
        page = visit("?lon=-77.0365&lat=38.8977&layer=ward&at=2016-08-01&lang=zh-CN")
        (result,) = ask("lookup", **PLACE, layer="ward", at="2016-08-01")["results"]
        card = page.get_by_role("region", name="查询结果")
        expect(card.get_by_role("heading", level=2)).to_have_text("Ward 2")
        expect(card).to_contain_text(result["responsible"][0]["member"])
        expect(page.locator("html")).to_have_attribute("lang", "zh-CN")
        expect(page.locator("summary")).to_contain_text("2016年8月1日")
        expect(page.locator(".ask-choices select").first).to_have_value("ward")

    def test_date_before_the_first_edition_says_so(self, visit):
        page = visit("?lon=-77.0365&lat=38.8977&layer=ward&at=2000-01-01", failing=True)
        expect(answer_of(page)).to_contain_text("No edition of Wards was in force at that time")

    def test_date_is_asked_again_when_it_is_changed(self, visit):
        page = visit("?lon=-77.0365&lat=38.8977&layer=anc")
        expect(answer_of(page)).to_contain_text("Patrick Kennedy")
        page.get_by_text("As of today").click()
        with page.expect_request(re.compile(r"/lookup\?.*at=2014-06-01")):
            page.get_by_label("As of", exact=True).fill("2014-06-01")
            page.keyboard.press("Tab")
        expect(answer_of(page)).not_to_contain_text("Patrick Kennedy")
        expect(answer_of(page)).to_contain_text("SMD 2A01")

    def test_copied_link_opens_the_same_answer(self, visit):
        rights = ["clipboard-read", "clipboard-write"]
        page = visit("?lon=-77.0365&lat=38.8977&layer=police", permissions=rights)
        page.get_by_role("button", name="Copy link").click()
        expect(page.get_by_text("Link copied")).to_be_visible()
        link = page.evaluate("navigator.clipboard.readText()")
        heading = answer_of(page).get_by_role("heading", level=2).inner_text()
        page.goto(link)
        expect(answer_of(page).get_by_role("heading", level=2)).to_have_text(heading)

    def test_back_returns_to_the_question_before(self, visit):
        page = visit()
        await_map(page)
        type_in(page, "2A08")
        expect(answer_of(page)).to_contain_text("SMD 2A08")
        type_in(page, "8E01")
        expect(answer_of(page)).to_contain_text("SMD 8E01")
        page.go_back()
        expect(answer_of(page)).to_contain_text("SMD 2A08")
        page.go_back()
        expect(answer_of(page)).to_have_count(0)

    def test_language_changes_in_place(self, visit):
        page = visit("?lon=-77.0365&lat=38.8977&layer=anc")
        expect(answer_of(page)).to_contain_text("Commissioner")
        page.get_by_role("button", name="中文").click()
        expect(page.locator("html")).to_have_attribute("lang", "zh-CN")
        expect(page.locator(".answer")).to_contain_text("专员")
        expect(page).to_have_title("这里由谁负责？ · gridgis")


class TestLists:
    def test_every_grid_can_be_found_and_chosen_in_the_list(self, visit):
        page = visit()
        expect(page.get_by_role("tab", name="Grids 296")).to_be_visible()
        page.get_by_label("Filter grids").fill("8E0")
        rows = page.locator(".listing .row")
        expect(rows).to_have_count(7)
        rows.nth(1).click()
        expect(answer_of(page).get_by_role("heading", level=2)).to_have_text("SMD 8E02")
        expect(rows.nth(1)).to_have_attribute("aria-current", "true")

    def test_list_is_shown_a_page_at_a_time(self, visit):
        page = visit()
        expect(page.get_by_text("1–25 of 296")).to_be_visible()
        page.get_by_role("button", name="Next").click()
        expect(page.get_by_text("26–50 of 296")).to_be_visible()
        assert page.locator(".listing .row").count() == 25

    def test_service_points_have_a_list(self, visit, ask):
        page = visit()
        page.get_by_role("tab", name="Service points 130").click()
        page.get_by_label("Filter service points").fill("6d")
        page.locator(".listing .row", has_text="District 6 (6D)").click()
        expect(answer_of(page)).to_contain_text("100 42ND STREET NE")

    def test_several_matches_are_left_to_choose_from(self, visit):
        page = visit()
        await_map(page)
        type_in(page, "SMD 8E")
        expect(page.get_by_text("Several grids match “SMD 8E”")).to_be_visible()
        expect(page.locator(".listing .row")).to_have_count(7)


class TestTrouble:
    def test_late_answer_never_replaces_a_newer_one(self, visit):
        page = visit(failing=True)
        await_map(page)
        held: list[Route] = []
        page.route(re.compile(r"/lookup\?lon=-77.0365"), hold_in(held))
        type_in(page, TYPED)
        expect(answer_of(page)).to_contain_text("Looking up")
        type_in(page, "-76.99, 38.86")
        expect(page.locator(".nearest .row")).to_have_count(5)
        shown = answer_of(page).inner_text()
        assert len(held) == 1
        held[0].fulfill(json={"lon": 0, "lat": 0, "at": "", "results": []})
        page.wait_for_timeout(200)
        assert answer_of(page).inner_text() == shown

    def test_old_answer_is_gone_while_the_new_one_is_awaited(self, visit):
        page = visit("?lon=-77.0365&lat=38.8977&layer=anc")
        expect(answer_of(page)).to_contain_text("Patrick Kennedy")
        held: list[Route] = []
        page.route(re.compile(r"/lookup\?"), hold_in(held))
        type_in(page, "-76.99, 38.86")
        expect(answer_of(page)).to_contain_text("Looking up")
        expect(answer_of(page)).not_to_contain_text("Patrick Kennedy")
        held[0].continue_()
        expect(answer_of(page).get_by_role("heading", level=2)).to_be_visible()

    def test_unreachable_server_is_said_and_can_be_tried_again(self, visit):
        page = visit(failing=True)
        await_map(page)
        page.route(re.compile(r"/lookup\?"), lambda route: route.abort())
        type_in(page, TYPED)
        expect(answer_of(page).get_by_role("alert")).to_contain_text("cannot be reached")
        page.unroute(re.compile(r"/lookup\?"))
        answer_of(page).get_by_role("button", name="Try again").click()
        expect(answer_of(page)).to_contain_text("Patrick Kennedy")

    def test_refusal_shows_the_words_of_the_server(self, visit):
        page = visit("?lon=-77.0365&lat=38.8977&accuracy_m=200000", failing=True)
        alert = answer_of(page).get_by_role("alert")
        expect(alert).to_contain_text("The server did not accept the question.")
        expect(alert).to_contain_text("accuracy_m 200000 is not between 0 and 100000 metres")

    def test_server_fault_is_no_blank_page(self, visit):
        page = visit(failing=True)
        await_map(page)
        problem = {"detail": "internal error", "code": "internal"}
        page.route(re.compile("/lookup"), lambda route: route.fulfill(status=500, json=problem))
        type_in(page, TYPED)
        expect(answer_of(page).get_by_role("alert")).to_contain_text("The server had a fault")
        expect(answer_of(page).get_by_role("alert")).to_contain_text("internal error")

    def test_unknown_grid_is_named(self, visit):
        page = visit(failing=True)
        await_map(page)
        type_in(page, "9Z99")
        expect(answer_of(page).get_by_role("alert")).to_contain_text("is called “9Z99”")

    def test_unknown_service_point_is_named(self, visit):
        page = visit("?point=nowhere")
        expect(page.get_by_text("There is no service point “nowhere”.")).to_be_visible()

    def test_page_starts_once_the_server_is_back(self, visit, site):
        page = visit(failing=True)
        page.route("**/api/v1/layers", lambda route: route.abort())
        page.goto(site)
        expect(page.get_by_role("alert")).to_contain_text("cannot be reached")
        page.unroute("**/api/v1/layers")
        page.get_by_role("button", name="Try again").click()
        await_map(page)

    def test_missing_service_points_leave_the_answers(self, visit, site):
        page = visit(failing=True)
        page.route("**/api/v1/service-points?*", lambda route: route.abort())
        page.goto(f"{site}/?lon=-77.0365&lat=38.8977&layer=anc")
        expect(answer_of(page)).to_contain_text("Patrick Kennedy")
        expect(page.get_by_text("The service points could not be loaded")).to_be_visible()
