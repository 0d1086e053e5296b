import numpy as np
import pandas as pd
import pytest

from gridgis.errors import GeometryError, InvalidInput
from gridgis.files.features import collect_columns, from_wkb, to_series, to_text


def test_rows_become_columns_in_order_of_appearance() -> None:
    rows = [{"a": 1}, {"b": 2, "a": 3}, {}]
    assert collect_columns(rows) == {"a": [1, 3, None], "b": [None, 2, None]}


@pytest.mark.parametrize(
    ("cells", "text"),
    [
        pytest.param(["007", " 8 ", None], ["007", "8", ""], id="text-with-zeros"),
        pytest.param([101, None], ["101", ""], id="whole-numbers-beside-an-empty-cell"),
        pytest.param([101.0, None], ["101", ""], id="whole-numbers-written-as-fractions"),
        pytest.param([1.5, 2], ["1.5", "2"], id="fractions"),
        pytest.param([370102013006008, 1], ["370102013006008", "1"], id="fifteen-digits"),
        pytest.param([2**64 - 1, 1], ["18446744073709551615", "1"], id="beyond-64-bits-signed"),
        pytest.param([True, None], ["True", ""], id="true"),
        pytest.param(["A", 1], ["A", "1"], id="mixed"),
    ],
)
def test_codes_are_written_as_they_were_meant(cells: list[object], text: list[str]) -> None:
    column = to_series(cells, pd.RangeIndex(1, len(cells) + 1))
    assert to_text(column).tolist() == text


def test_a_code_that_lost_its_last_digits_is_refused() -> None:
    column = pd.Series([1.0, 6.101020010010010e19], index=[1, 2], name="code")
    with pytest.raises(InvalidInput, match="column code row 2 is a number too large to be exact"):
        to_text(column)


def test_wkb_that_cannot_be_read_is_refused_by_row() -> None:
    point = bytes.fromhex("0101000000000000000000f03f0000000000000040")
    read = from_wkb([None, point], "g.parquet")
    assert read[0] is None
    assert np.array_equal(read[1].coords[0], (1, 2))
    with pytest.raises(GeometryError, match=r"g\.parquet row 2"):
        from_wkb([point, b"junk"], "g.parquet")
