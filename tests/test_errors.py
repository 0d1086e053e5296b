import inspect
import re

import pytest

from gridgis import errors
from gridgis.errors import FaultsFound, GridgisError
from gridgis.spatial.faults import Fault

CLASSES = {
    name: value
    for name, value in inspect.getmembers(errors, inspect.isclass)
    if value.__module__ == errors.__name__
}


def drawn_tree():
    """The parent of each class as the docstring draws it: three characters a level."""
    parents, path = {}, []
    for line in (errors.__doc__ or "").splitlines():
        drawn = re.match(r"    ((?:│  |   )*(?:├─ |└─ )?)([A-Z]\w+)( {2,}|$)", line)
        if drawn:
            depth = len(drawn[1]) // 3
            path = [*path[:depth], drawn[2]]
            parents[drawn[2]] = path[depth - 1] if depth else "Exception"
    return parents


def test_tree_in_the_docstring_is_the_tree_of_the_classes():
    assert drawn_tree() == {name: value.__base__.__name__ for name, value in CLASSES.items()}


def test_every_error_has_a_code_of_its_own():
    codes = [value.code for value in CLASSES.values()]
    assert len(set(codes)) == len(codes)
    assert all(re.fullmatch(r"[a-z_]+", code) for code in codes)


@pytest.mark.parametrize("name", sorted(CLASSES))
def test_every_error_is_described(name):
    assert (CLASSES[name].__doc__ or "").endswith(".")


def test_faults_found_carries_the_faults():
    fault = Fault("gap", ("A", "B"), 16.6, 0.3, 0.001, 0.0005, "no grid covers 16.6 m²")
    error = FaultsFound("the grids are not seamless: 1 gap", [fault])
    assert error.faults == (fault,)
    assert str(error) == "the grids are not seamless: 1 gap"
    assert isinstance(error, GridgisError)
