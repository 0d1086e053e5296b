"""What may become an edition: one tree, one place for each code, seamless; the rest is refused."""

import pytest

from gridgis.errors import Conflict, FaultsFound, InvalidInput
from gridgis.model.grids import Layer
from gridgis.services.gridset import GridSet
from gridgis.services.publishing import make_levels, prepare_edition, require_free
from tests.tiny import at, publish_grids, snapshot_of
from tests.zoo import LENS, SQUARE_M2, TWO_BY_TWO


def prepare(polygons, parents, levels, **more):
    grid_set = GridSet(polygons, {code: code for code in polygons}, parents)
    layer = Layer("town", "Town", make_levels(levels, {}))
    return prepare_edition(layer, grid_set, valid_from=at("2026-01-01"), source={}, **more)


def test_upper_grids_are_grown_from_the_leaves():
    parents = {"A": ("S", "T"), "B": ("S", "T"), "C": ("R", "T"), "D": ("R", "T")}
    new = prepare(TWO_BY_TWO, parents, ("town", "street", "grid"), upper_names=[{"S": "South"}])
    by_code = {grid.code: grid for grid in new.grids}
    assert list(by_code) == ["T", "R", "S", "A", "B", "C", "D"]
    assert [by_code[code].rank for code in "TRSA"] == [1, 2, 2, 3]
    assert (by_code["S"].name, by_code["R"].name) == ("South", "R")
    assert (by_code["S"].parent, by_code["T"].parent) == ("T", None)
    assert by_code["S"].area_m2 == pytest.approx(2 * SQUARE_M2, rel=1e-6)
    assert by_code["T"].area_m2 == pytest.approx(4 * SQUARE_M2, rel=1e-6)
    assert by_code["T"].polygon is None


@pytest.mark.parametrize(
    ("parents", "levels", "words"),
    [
        pytest.param(
            {"A": ("S", "T"), "B": ("S", "U"), "C": ("R", "T"), "D": ("R", "T")},
            ("town", "street", "grid"),
            "S has two parents, T and U",
            id="a-street-in-two-towns",
        ),
        pytest.param(
            {"A": ("S", "T"), "B": ("T", "U"), "C": ("S", "T"), "D": ("S", "T")},
            ("town", "street", "grid"),
            "code T stands on two levels",
            id="a-code-on-two-levels",
        ),
        pytest.param(
            dict.fromkeys("ABCD", ("A",)),
            ("town", "grid"),
            "code A is both a grid and a parent",
            id="a-grid-that-is-a-parent",
        ),
    ],
)
def test_codes_that_form_no_tree_are_refused(parents, levels, words):
    with pytest.raises(InvalidInput, match=words):
        prepare(TWO_BY_TWO, parents, levels)


def test_what_is_not_seamless_is_refused_with_its_faults():
    with pytest.raises(FaultsFound, match="1 gap") as refusal:
        prepare(LENS, dict.fromkeys(LENS, ()), ("grid",))
    (fault,) = refusal.value.faults
    assert fault.codes == ("A", "B")


def test_a_set_without_grids_is_refused():
    with pytest.raises(InvalidInput, match="no grid"):
        prepare({}, {}, ("grid",))


def test_a_level_that_stands_twice_is_refused():
    with pytest.raises(InvalidInput, match="a level stands twice among grid, grid"):
        make_levels(("grid", "grid"), {})


def test_the_digest_tells_codes_names_and_borders_apart_but_not_their_order():
    flat = dict.fromkeys("ABCD", ())
    one = prepare(TWO_BY_TWO, flat, ("grid",)).digest
    turned = dict(reversed(TWO_BY_TWO.items()))
    assert prepare(turned, flat, ("grid",)).digest == one
    swapped = TWO_BY_TWO | {"A": TWO_BY_TWO["B"], "B": TWO_BY_TWO["A"]}
    assert prepare(swapped, flat, ("grid",)).digest != one
    with_parent = dict.fromkeys("ABCD", ("T",))
    assert prepare(TWO_BY_TWO, with_parent, ("town", "grid")).digest != one


def test_what_publishing_would_refuse_is_refused_before(sqlite_store, tmp_path):
    publish_grids(sqlite_store, TWO_BY_TWO, valid_from="2026-01-01", now=at("2026-01-01"))
    snapshot = snapshot_of(sqlite_store, tmp_path, now=at("2026-01-01"))
    same = Layer("town", "Town", make_levels(("grid",), {}))
    require_free(snapshot, same, at("2026-01-02"))
    require_free(snapshot, Layer("new", "New", same.levels), at("2026-01-01"))
    with pytest.raises(Conflict, match="edition 1 of layer town is in force from 2026-01-01T00"):
        require_free(snapshot, same, at("2026-01-01"))
    other = Layer("town", "Town", make_levels(("street", "grid"), {}))
    with pytest.raises(Conflict, match="has the levels grid, not street, grid"):
        require_free(snapshot, other, at("2026-01-02"))
    # the same that publishing itself would say
    with pytest.raises(Conflict, match="edition 1 of layer town"):
        publish_grids(sqlite_store, TWO_BY_TWO, valid_from="2026-01-01", now=at("2026-01-01"))
