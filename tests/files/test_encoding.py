import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gridgis.errors import InvalidInput
from gridgis.files.encoding import decode, find_encoding


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param(b"plain", "utf-8", id="ascii"),
        pytest.param("杏花岭区".encode(), "utf-8", id="utf-8"),
        pytest.param("杏花岭区".encode("gbk"), "gb18030", id="gbk"),
        pytest.param("编号,名称\n1,东街口".encode("gbk"), "gb18030", id="gbk-table"),
        pytest.param("a𠀀街道".encode("gb18030"), "gb18030", id="four-byte-character"),
        pytest.param(b"\xef\xbb\xbfa", "utf-8-sig", id="utf-8-mark"),
        pytest.param("a".encode("utf-16"), "utf-16", id="utf-16-mark"),
        pytest.param("Córdoba, Málaga".encode("cp1252"), None, id="western"),
        pytest.param(b"\xff\xff\xff", None, id="garbage"),
    ],
)
def test_find_encoding(text: bytes, expected: str | None) -> None:
    assert find_encoding(text) == expected


@settings(deadline=None)
@given(st.text())
def test_utf8_always_reads_back(text: str) -> None:
    decoded, encoding = decode(text.encode(), "t.csv", None)
    if not text.startswith("\ufeff") and encoding == "utf-8":
        assert decoded == text


@settings(deadline=None)
@given(st.lists(st.sampled_from("区街道路社村网格东西南北中"), min_size=2))
def test_gbk_of_common_characters_reads_back(characters: list[str]) -> None:
    # alone, a few characters can be both: twice 路 in GBK is twice a middle dot in UTF-8
    text = "编号,名称\n1," + "".join(characters)
    assert decode(text.encode("gbk"), "t.csv", None) == (text, "gb18030")


def test_a_mark_is_taken_off_whoever_names_the_encoding() -> None:
    assert decode(b"\xef\xbb\xbfa", "t.csv", "UTF-8") == ("a", "utf-8-sig")


def test_the_line_that_is_not_in_the_encoding_is_named() -> None:
    with pytest.raises(InvalidInput, match=r"t\.csv line 2 is not utf-8; pass another --encoding"):
        decode(b"a\n\xff\n", "t.csv", "utf-8")


def test_an_encoding_that_is_not_plain_is_asked_for() -> None:
    with pytest.raises(InvalidInput, match="neither UTF-8 nor plainly GB18030; pass --encoding"):
        decode("Málaga".encode("cp1252"), "t.csv", None)
