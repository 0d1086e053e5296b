from gridgis.maps.tables import Cell, make_category_table, make_grid_table, make_point_table
from gridgis.maps.texts import TEXTS
from tests.maps.cities import make_area, make_four_grids, make_point

ENGLISH = TEXTS["en"]


def texts_of(row):
    return [cell.text for cell in row]


def test_grid_table_has_the_value_and_every_detail():
    table = make_grid_table(make_four_grids(), "incidents", ENGLISH)
    assert table.headings == ("Code", "Name", "Incidents", "Head")
    assert texts_of(table.rows[1]) == ["B", "Grid B", "3", "Head of B"]
    assert table.rows[1][2] == Cell("3", 3.0)


def test_grid_without_data_says_so_and_sorts_below_zero():
    table = make_grid_table(make_four_grids(), "incidents", ENGLISH)
    assert table.rows[3][2] == Cell("no data", -1.0)


def test_details_of_some_grids_only_leave_the_others_blank():
    grids = [*make_four_grids()[:1], *make_four_grids(details={"Phone": "110"})[1:]]
    table = make_grid_table(grids, "incidents", ENGLISH)
    assert table.headings == ("Code", "Name", "Incidents", "Head", "Phone")
    assert texts_of(table.rows[0])[3:] == ["Head of A", ""]
    assert texts_of(table.rows[1])[3:] == ["", "110"]


def test_point_table_leaves_empty_columns_out_and_names_the_circle():
    station = make_point(
        "p1", "police_station", 112.5, 37.8, phone="110", services=("permits", "reports")
    )
    table = make_point_table([station], [make_area(station)], ENGLISH)
    assert table.headings == ("Name", "Kind", "Service area", "Phone", "Services")
    assert texts_of(table.rows[0]) == [
        "p1",
        "Police stations",
        "15 min walking: circle, 833 m straight, not along streets",
        "110",
        "permits, reports",
    ]


def test_no_points_no_rows():
    assert make_point_table([], [], ENGLISH).rows == ()


def test_categories_are_counted_the_most_frequent_first():
    table = make_category_table(["waste", "noise", "noise", "air"], ENGLISH)
    assert [texts_of(row) for row in table.rows] == [["noise", "2"], ["air", "1"], ["waste", "1"]]
