import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gridgis.files.rowends import find_ends, find_last_end, is_regular, read_records


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(b"a,b\n1,2\n", id="no-quotes"),
        pytest.param(b'"a,b",c\r\n"x\ny","z"\r\n', id="breaks-and-commas-in-quotes"),
        pytest.param(b'"a""b",""\n"""",c\n', id="doubled-quotes"),
        pytest.param(b'a,"b"', id="no-last-line-end"),
    ],
)
def test_regular_rows(content: bytes) -> None:
    assert is_regular(content, ",", is_last=True)


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(b'5" pipe,b\n', id="quote-inside-a-bare-cell"),
        pytest.param(b'"a"b,c\n', id="text-behind-a-quote"),
        pytest.param(b'a,"b\n', id="quote-never-closed"),
        pytest.param(b'a, "b"\n', id="space-before-a-quote"),
        pytest.param(b"a\rb\r", id="returns-alone"),
    ],
)
def test_odd_rows(content: bytes) -> None:
    assert not is_regular(content, ",", is_last=True)


def test_a_piece_may_be_cut_anywhere() -> None:
    content = b'"a,b",c\r\n"x\r\ny","z"\r\n'
    assert all(is_regular(content[:cut], ",", is_last=False) for cut in range(len(content)))
    # by hand: the first row ends at place 8, and nothing behind it until place 20
    assert [find_last_end(content[:cut]) for cut in (8, 9, 14, 20, 21)] == [-1, 8, 8, 8, 20]


CELL = st.text(st.sampled_from('a",\r\n '), max_size=4)


@given(
    st.lists(st.lists(CELL, min_size=2, max_size=2), max_size=6), st.sampled_from(["\n", "\r\n"])
)
def test_ends_are_those_that_the_csv_module_finds(rows: list[list[str]], newline: str) -> None:
    text = io.StringIO(newline="")
    csv.writer(text, lineterminator=newline, quoting=csv.QUOTE_ALL).writerows(rows)
    content = text.getvalue().encode()
    found = list(read_records(content, ","))
    assert [cells for _, _, cells in found] == rows
    if is_regular(content, ",", is_last=True):
        assert (find_ends(content) + 1).tolist() == [end for _, end, _ in found]
    else:
        # a return alone in a quoted cell is the one thing here that is taken the long way
        assert content.count(b"\r") > content.count(b"\r\n")


@given(st.text(st.sampled_from('a",\r\n'), max_size=12))
def test_whatever_is_regular_is_read_alike(text: str) -> None:
    content = text.encode() + b"\n"
    if is_regular(content, ",", is_last=True):
        assert (find_ends(content) + 1).tolist() == [
            end for _, end, _ in read_records(content, ",")
        ]


def test_a_row_that_was_cut_off_is_not_given_out() -> None:
    content = b'5" a,b\n6" c,"d\ne"\n7" f'
    assert [end for _, end, _ in read_records(content, ",", is_last=False)] == [7, 18]
    assert [line for line, _, _ in read_records(content, ",")] == [0, 1, 3]
    assert [end for _, end, _ in read_records(content[:14], ",", is_last=False)] == [7]
    # a return at the end may be half of a line end
    assert list(read_records(b"a,b\r", ",", is_last=False)) == []


def test_quotes_that_make_no_sense_name_their_line() -> None:
    with pytest.raises(csv.Error) as caught:
        list(read_records(b'a,b\n"c"d,e\n', ","))
    assert caught.value.args[1] == 1
