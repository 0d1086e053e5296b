from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from gridgis.errors import InvalidInput
from gridgis.files.tabular import Table, guard, read_table
from tests.files.builders import zipped

Save = Callable[[str, Any], Path]


def cells(table: Table) -> list[list[str]]:
    return [list(table.rows.columns), *table.rows.to_numpy().tolist()]


def test_cells_are_text_exactly_as_they_stand(save: Save) -> None:
    table = read_table(
        save("t.csv", 'code,name,note\n007, 东街 ,nan\n,"a,b","x\ny"\n1e5,NULL,"""q"""\n')
    )
    assert cells(table) == [
        ["code", "name", "note"],
        ["007", " 东街 ", "nan"],
        ["", "a,b", "x\ny"],
        ["1e5", "NULL", '"q"'],
    ]
    assert table.rows.index.tolist() == [1, 2, 3]
    assert (table.encoding, table.delimiter, table.newline) == ("utf-8", ",", "\n")


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        pytest.param(b"a;b\n1;2,5\n", ("utf-8", ";", "\n"), id="semicolons-and-decimal-commas"),
        pytest.param(b"a\tb\r\n1\t2\r\n", ("utf-8", "\t", "\r\n"), id="tabs-from-windows"),
        pytest.param(b"a\n1\n", ("utf-8", ",", "\n"), id="one-column"),
        pytest.param(b"\xef\xbb\xbfa,b\n1,2\n", ("utf-8-sig", ",", "\n"), id="mark-of-excel"),
        pytest.param("名,b\n东街,2\n".encode("gbk"), ("gb18030", ",", "\n"), id="gbk"),
        pytest.param("a\tb\n东\t2\n".encode("utf-16"), ("utf-16", "\t", "\n"), id="unicode-text"),
        pytest.param(b'"a;x;y",b\n"1;2",2\n', ("utf-8", ",", "\n"), id="semicolons-in-quotes"),
        pytest.param(b"a,b", ("utf-8", ",", "\n"), id="header-alone"),
    ],
)
def test_the_manner_of_the_file_is_found(
    save: Save, content: bytes, expected: tuple[str, str, str]
) -> None:
    table = read_table(save("t.csv", content))
    assert (table.encoding, table.delimiter, table.newline) == expected


def test_the_digest_is_of_the_bytes(save: Save) -> None:
    assert read_table(save("t.csv", b"a\n1\n")).digest == sha256(b"a\n1\n").hexdigest()


def test_the_encoding_can_be_given(save: Save) -> None:
    path = save("t.csv", "name\nMálaga\n".encode("cp1252"))
    assert cells(read_table(path, encoding="cp1252")) == [["name"], ["Málaga"]]


def test_blank_lines_are_not_rows(save: Save) -> None:
    assert cells(read_table(save("t.csv", "a,b\n\n1,2\n\n\n3,4\n\n"))) == [
        ["a", "b"],
        ["1", "2"],
        ["3", "4"],
    ]


@pytest.mark.parametrize(
    ("content", "phrase"),
    [
        pytest.param(b"", "is empty", id="empty"),
        pytest.param(b"\n\n", "has no header", id="blank-lines-alone"),
        pytest.param(
            b'"a,b\n' + b"1,2\n" * 40_000, "its header cannot be read", id="quote-in-the-header"
        ),
        pytest.param(b"a,b\n1,2\n1,2,3\n", "line 3 has 3 fields, the header has 2", id="too-many"),
        pytest.param(b'a,b\n"x\ny",2\n1\n', "line 4 has 1 fields, the header has 2", id="too-few"),
        pytest.param(b"a,b,a\n1,2,3\n", "has two columns 'a'", id="doubled-column"),
        pytest.param(b"a,b\n1,\x002\n", "line 2 has a NUL byte", id="nul"),
        pytest.param(b'a,b\n1,"2\n3,4\n', "row at line 2 cannot be read", id="quote-never-closed"),
        pytest.param(b'a,b\n1,"x"y\n', "row at line 2 cannot be read", id="text-after-a-quote"),
        pytest.param(b"a\nM\xe1laga\n", "pass --encoding", id="western-text"),
        pytest.param(zipped({"xl/a.xml": b""}), "a zip archive or a spreadsheet", id="xlsx"),
        pytest.param(b"<html>", "is a web page", id="web-page"),
        pytest.param(b'{"type": 1}', "is not a table", id="geojson"),
    ],
)
def test_what_is_not_a_table_is_refused(save: Save, content: bytes, phrase: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        read_table(save("t.csv", content))
    assert phrase in str(caught.value)
    assert "t.csv" in str(caught.value)


def test_parquet_is_read_as_text(save: Save) -> None:
    buffer = pa.BufferOutputStream()
    pq.write_table(pa.table({"code": ["007", None], "n": [1, None], "lon": [1.5, 2.0]}), buffer)
    table = read_table(save("t.parquet", buffer.getvalue().to_pybytes()))
    assert cells(table) == [["code", "n", "lon"], ["007", "1", "1.5"], ["", "", "2"]]


@pytest.mark.parametrize(
    ("code", "written"),
    [
        pytest.param("=1+1", "'=1+1", id="formula"),
        pytest.param("@SUM(1)", "'@SUM(1)", id="at"),
        pytest.param("＝1", "'＝1", id="full-width"),
        pytest.param("+86 731", "'+86 731", id="telephone"),
        pytest.param("-3.5", "-3.5", id="plain-number"),
        pytest.param("2A-08", "2A-08", id="plain-code"),
    ],
)
def test_a_code_of_ours_is_no_formula(code: str, written: str) -> None:
    assert guard(code) == written
