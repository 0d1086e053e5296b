import csv
import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gridgis.errors import InvalidInput
from gridgis.files import blockcells, blocks
from gridgis.files.blocks import BlockFile, BlockRows, open_blocks, read_blocks
from tests.files.builders import zipped

Save = Callable[[str, Any], Path]


@pytest.fixture(params=[8 << 20, 40], ids=["one-block", "many-blocks"])
def block_bytes(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(blocks, "_BLOCK_BYTES", request.param)
    # blocks are cut from what is read; small ones need small readings
    monkeypatch.setattr("gridgis.files.textstream._BLOCK_BYTES", min(request.param, 24))


def read_rows(table: BlockFile) -> list[BlockRows]:
    found = read_blocks(table, start=table.first, first_line=table.first_line)
    return [blocks.locate_block(table, block) for block in found]


def assign(path: Path, codes: list[str | None] | None = None, **options: Any) -> bytes:
    """Write a table with a column of ours, whose cells are the codes in turn."""
    table = open_blocks(path, **options)
    written = [table.stream.to_file(blockcells.prepare_header(table, ["g"]), is_first=True)]
    cells = blockcells.prepare_cells(table, codes or ["A"])
    for rows in read_rows(table):
        which = (np.arange(len(rows.starts)) % len(cells)).astype(np.int32)
        body = b"".join(blockcells.join_cells(table, rows, {"g": (cells, which)}))
        written.append(table.stream.to_file(body))
    return b"".join(written)


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        pytest.param(
            b"id;lon;lat\r\n=1+1;1;2\r\n+86;1;2\r\n",
            b"id;lon;lat;g\r\n=1+1;1;2;A\r\n+86;1;2;A\r\n",
            id="cells-as-they-stand",
        ),
        pytest.param(
            b'"id",lon,lat\n"7","1","2"\n"a,\nb",1,2\n',
            b'"id",lon,lat,g\n"7","1","2",A\n"a,\nb",1,2,A\n',
            id="quotes-are-kept",
        ),
        pytest.param(
            b'id,lon,lat\n5" pipe,1,2\nx,1,2\n7" pipe,1,2\n',
            b'id,lon,lat,g\n5" pipe,1,2,A\nx,1,2,A\n7" pipe,1,2,A\n',
            id="odd-quotes",
        ),
        pytest.param(
            b"\nlon,lat\n\n1,2\n\r\n3,4\n\n", b"lon,lat,g\n1,2,A\n3,4,A\n", id="blank-lines-go"
        ),
        pytest.param(
            b'lon,lat,n\n\n1,2,5" x\n\n3,4,y\n',
            b'lon,lat,n,g\n1,2,5" x,A\n3,4,y,A\n',
            id="blank-lines-go-among-odd-quotes",
        ),
        pytest.param(b"lon,lat\r\n1,2", b"lon,lat,g\r\n1,2,A\r\n", id="no-last-line-end"),
        pytest.param(b"lon,lat\n1,2\r\n3,4\n", b"lon,lat,g\n1,2,A\r\n3,4,A\n", id="mixed-ends"),
        pytest.param(b"lon,lat\r1,2\r3,4\r", b"lon,lat,g\n1,2,A\r3,4,A\r", id="returns-alone"),
        pytest.param(b"lon,lat\n", b"lon,lat,g\n", id="header-alone"),
        pytest.param(b"lon,lat", b"lon,lat,g\n", id="header-without-line-end"),
        pytest.param(
            b"\xef\xbb\xbflon,lat\n1,2\n", b"\xef\xbb\xbflon,lat,g\n1,2,A\n", id="mark-of-excel"
        ),
        pytest.param(
            "名,lon,lat\n东街,1,2\n".encode("gbk"),
            "名,lon,lat,g\n东街,1,2,A\n".encode("gbk"),
            id="gbk",
        ),
        pytest.param(
            "名\tlon\tlat\n东街\t1\t2\n西街\t3\t4\n".encode("utf-16"),
            "名\tlon\tlat\tg\n东街\t1\t2\tA\n西街\t3\t4\tA\n".encode("utf-16"),
            id="unicode-text",
        ),
    ],
)
@pytest.mark.usefixtures("block_bytes")
def test_rows_are_copied_and_ours_follows(save: Save, content: bytes, expected: bytes) -> None:
    assert assign(save("t.csv", content)) == expected


@pytest.mark.parametrize(
    ("cells", "reason"),
    [
        pytest.param("1.5,2", None, id="numbers"),
        pytest.param(" 1.5 , 2", None, id="spaces-around"),
        pytest.param('"1,001.5",2', "lon 1001.5 is outside -180 to 180", id="thousands-commas"),
        pytest.param(",2", "lon is empty", id="empty"),
        pytest.param('"",2', "lon is empty", id="empty-in-quotes"),
        pytest.param("nan,2", "lon 'nan' is not a number", id="nan"),
        pytest.param("1,-inf", "lat '-inf' is not a number", id="infinite"),
        pytest.param("0x10,2", "lon '0x10' is not a number", id="hexadecimal"),
        pytest.param("2,180", "lat 180 is outside -90 to 90; lon and lat look swapped", id="swap"),
    ],
)
def test_the_position_of_a_row(save: Save, cells: str, reason: str | None) -> None:
    [rows] = read_rows(open_blocks(save("t.csv", f"lon,lat\n1,2\n{cells}\n")))
    assert rows.positions.lon[0] == 1
    reasons = [reason for _, reason in rows.positions.reasons]
    if reason is None:
        assert reasons == []
        assert (rows.positions.lon[1], rows.positions.lat[1]) == (1.5, 2)
    else:
        assert [row for row, _ in rows.positions.reasons] == [2]
        assert reasons[0].startswith(reason)
        assert np.isnan(rows.positions.lon[1])


def test_rejects_are_the_rows_as_they_stand(save: Save) -> None:
    table = open_blocks(save("t.csv", 'id;lon;lat\r\n"a;b";x;2\r\n'))
    assert blockcells.prepare_rejects_header(table) == b"row;reason;id;lon;lat\r\n"
    [rows] = read_rows(table)
    [(row, line)] = blockcells.prepare_rejects(table, rows)
    assert row == 1
    # the reason holds a semicolon
    assert line == b'"lon \'x\' is not a number; write it like -77.0365";"a;b";x;2\r\n'


@pytest.mark.parametrize(
    ("content", "phrase"),
    [
        pytest.param(b"", "is empty", id="empty"),
        pytest.param(b"\n\n", "has no header", id="blank-lines-alone"),
        pytest.param(b"lon,lat\n1,2\n1,2,3\n", "line 3 has 3 fields, the header has 2", id="many"),
        pytest.param(b'lon,lat\n"1\n",2\n1\n', "line 4 has 1 fields, the header has 2", id="few"),
        pytest.param(b"lon,lat,lon\n", "has two columns 'lon'", id="doubled-column"),
        pytest.param(b"lon,lat\n1,\x002\n", "line 2 has a NUL byte", id="nul"),
        pytest.param(b'lon,lat\n1,"2\n3,4\n', "row at line 2 cannot be read", id="open-quote"),
        pytest.param(b'lon,lat\n1,"x"y\n', "row at line 2 cannot be read", id="text-after-quote"),
        pytest.param(b"lon,lat,n\n1,2,M\xe1laga\n", "pass --encoding", id="western-text"),
        pytest.param(b"g,lon,lat\n", "has a column 'g' already; rename it", id="a-column-of-ours"),
        pytest.param(zipped({"xl/a.xml": b""}), "a zip archive or a spreadsheet", id="xlsx"),
    ],
)
def test_what_cannot_be_used_is_refused(save: Save, content: bytes, phrase: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        assign(save("t.csv", content))
    assert phrase in str(caught.value)
    assert "t.csv" in str(caught.value)


def test_bytes_that_are_not_in_the_encoding_name_their_line(save: Save) -> None:
    path = save("t.csv", b"lon,lat\n1,2\n\xff,2\n")
    with pytest.raises(InvalidInput, match="line 3 is not utf-8; pass another --encoding"):
        open_blocks(path, encoding="utf-8")


def test_lines_are_counted_through_the_blocks(save: Save, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(blocks, "_BLOCK_BYTES", 30)
    monkeypatch.setattr("gridgis.files.textstream._BLOCK_BYTES", 30)
    path = save("t.csv", "lon,lat\n" + '"1\n",2\n\n' * 50 + "1\n")
    with pytest.raises(InvalidInput, match="line 152 has 1 fields"):
        assign(path)


def test_a_row_without_end_is_refused_before_memory_is_full(
    save: Save, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(blocks, "_BLOCK_BYTES", 100)
    monkeypatch.setattr(blocks, "_LONGEST_ROW_BYTES", 1000)
    monkeypatch.setattr("gridgis.files.textstream._BLOCK_BYTES", 100)
    path = save("t.csv", 'lon,lat\n1,2\n3,"' + "4,5\n" * 1000)
    with pytest.raises(InvalidInput, match="the row at line 3 is longer than 64 MiB"):
        assign(path)


def test_a_code_is_written_as_the_table_is(save: Save) -> None:
    codes = ["=1", 'a"b', "a;b", None]
    written = assign(save("t.csv", "lon;lat\n" + "1;2\n" * 4), codes)
    assert written == b'lon;lat;g\n1;2;\'=1\n1;2;"a""b"\n1;2;"a;b"\n1;2;\n'
    assert assign(save("t.csv", "名,lon,lat\n甲,1,2\n".encode("gbk")), ["乙"]) == (
        "名,lon,lat,g\n甲,1,2,乙\n".encode("gbk")
    )
    with pytest.raises(InvalidInput, match="a code of g cannot be written as cp1252"):
        assign(save("t.csv", b"lon,lat,n\n1,2,\xe1\n"), ["乙"], encoding="cp1252")


CELL = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=5)


@given(
    rows=st.lists(st.tuples(CELL, CELL), max_size=8),
    delimiter=st.sampled_from(",;\t"),
    newline=st.sampled_from(["\n", "\r\n"]),
    quoting=st.sampled_from([csv.QUOTE_ALL, csv.QUOTE_MINIMAL]),
    block=st.integers(1, 60),
)
def test_reading_what_was_written_gives_the_rows_and_ours(
    tmp_path_factory: pytest.TempPathFactory,
    rows: list[tuple[str, str]],
    delimiter: str,
    newline: str,
    quoting: Any,
    block: int,
) -> None:
    text = io.StringIO(newline="")
    # the module quotes a break only where it may end a line of its own
    writer = csv.writer(text, delimiter=delimiter, lineterminator="\r\n", quoting=quoting)
    writer.writerows([("名 a", "b", "lon", "lat"), *((a, b, "1", "2") for a, b in rows)])
    content = (
        text.getvalue()
        if newline == "\r\n" or any("\r" in c for r in rows for c in r)
        else (text.getvalue().replace("\r\n", "\n"))
    )
    path = tmp_path_factory.mktemp("tables") / "in.csv"
    path.write_bytes(content.encode())
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(blocks, "_BLOCK_BYTES", block)
        patch.setattr("gridgis.files.textstream._BLOCK_BYTES", block)
        written = assign(path, encoding="utf-8").decode()
    again = list(csv.reader(io.StringIO(written, newline=""), delimiter=delimiter))
    assert again == [
        ["名 a", "b", "lon", "lat", "g"],
        *([a, b, "1", "2", "A"] for a, b in rows),
    ]
