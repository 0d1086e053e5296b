from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import shapely

from gridgis.errors import InvalidInput
from gridgis.files.vector import read_vector
from tests.files.builders import Parts, put, ring, shapefile, zipped

Save = Callable[[str, Any], Path]

CHINESE = ["杏花岭区", "小店区", "迎泽区"]


def chinese(encoding: str, **options: Any) -> Parts:
    rows = [{"name": name.encode(encoding)} for name in CHINESE]
    return shapefile(rows, [(116, 39), (117, 39), (118, 39)], **options)


@pytest.mark.parametrize(
    ("encoding", "options", "found"),
    [
        pytest.param("gbk", {}, "gb18030", id="gbk-without-cpg"),
        pytest.param("utf-8", {}, "utf-8", id="utf-8-without-cpg"),
        pytest.param("gbk", {"cpg": "GBK"}, "gbk", id="gbk-cpg"),
        pytest.param("gbk", {"cpg": "936\n"}, "gb18030", id="cpg-of-a-code-page"),
        pytest.param("utf-8", {"cpg": "65001"}, "utf-8", id="cpg-of-utf-8-as-a-number"),
        pytest.param("gbk", {"cpg": "ANSI 936"}, "gb18030", id="cpg-of-esri"),
        pytest.param("utf-8", {"cpg": "UTF-8"}, "utf-8", id="utf-8-cpg"),
        pytest.param("gbk", {"language": 0x4D}, "gb18030", id="language-byte-gbk"),
        pytest.param("utf-8", {"language": 0x4D}, "utf-8", id="language-byte-that-is-wrong"),
    ],
)
def test_chinese_text_is_read(
    tmp_path: Path, encoding: str, options: dict[str, Any], found: str
) -> None:
    file = read_vector(put(tmp_path, chinese(encoding, **options)))
    assert file.frame["name"].tolist() == CHINESE
    assert file.encoding == found


def test_big5_is_read_by_its_language_byte(tmp_path: Path) -> None:
    rows = [{"name": "臺北市".encode("big5")}]
    file = read_vector(put(tmp_path, shapefile(rows, [(121, 25)], language=0x78)))
    assert file.frame["name"].tolist() == ["臺北市"]


def test_an_encoding_that_was_found_out_is_noted(tmp_path: Path) -> None:
    assert read_vector(put(tmp_path, chinese("gbk"))).notes == (
        "no .cpg: text read as GB18030; pass --encoding if it looks wrong",
    )
    assert read_vector(put(tmp_path, chinese("gbk", cpg="GBK"), "b")).notes == ()


def test_the_encoding_given_wins(tmp_path: Path) -> None:
    rows = [{"name": "Córdoba".encode("cp1252")}]
    path = put(tmp_path, shapefile(rows, [(-4, 37)]))
    assert read_vector(path, encoding="cp1252").frame["name"].tolist() == ["Córdoba"]


@pytest.mark.parametrize(
    ("text", "options", "encoding", "phrase"),
    [
        pytest.param(
            "Córdoba".encode("cp1252"), {}, None, "neither UTF-8 nor plainly", id="western"
        ),
        pytest.param(
            "小店".encode("gbk"), {"cpg": "UTF-8"}, None, ".cpg says UTF-8", id="wrong-cpg"
        ),
        pytest.param(
            b"a",
            {"cpg": "klingon"},
            None,
            ".cpg says klingon, which is not known",
            id="unknown-cpg",
        ),
        pytest.param("小店".encode("gbk"), {}, "utf-8", "row 1 column name", id="wrong-encoding"),
        pytest.param(b"a", {}, "klingon", "'klingon' is not known", id="unknown-encoding"),
        pytest.param(b"a", {}, "base64", "'base64' is not known", id="no-text-encoding"),
    ],
)
def test_text_that_is_not_plain_is_refused(
    tmp_path: Path, text: bytes, options: dict[str, Any], encoding: str | None, phrase: str
) -> None:
    path = put(tmp_path, shapefile([{"name": text}], [(116, 39)], **options))
    with pytest.raises(InvalidInput) as caught:
        read_vector(path, encoding=encoding)
    assert phrase in str(caught.value)


@pytest.mark.parametrize(
    ("encoding", "expected"),
    [
        # ten bytes hold three characters of UTF-8 and one byte, or five of GBK
        pytest.param("utf-8", "杏花岭", id="utf-8"),
        pytest.param("gbk", "a杏花岭区", id="gbk"),
    ],
)
def test_text_cut_in_the_middle_of_a_character_is_read_and_noted(
    tmp_path: Path, encoding: str, expected: str
) -> None:
    text = "杏花岭区政府" if encoding == "utf-8" else "a杏花岭区政府"
    rows = [{"name": text.encode(encoding)[:10]}, {"name": "小店".encode(encoding)}]
    file = read_vector(put(tmp_path, shapefile(rows, [(1, 2), (3, 4)], width=10)))
    assert file.frame["name"].tolist() == [expected, "小店"]
    assert "cut in the middle of a character" in file.notes[-1]


def test_codes_keep_their_leading_zeros(tmp_path: Path) -> None:
    rows = [{"code": b"007"}, {"code": b""}]
    frame = read_vector(put(tmp_path, shapefile(rows, [(1, 2), (3, 4)]))).frame
    assert frame["code"].iloc[0] == "007"


def test_geometry_is_in_row_order(tmp_path: Path) -> None:
    rows = [{"code": b"B"}, {"code": b"A"}]
    frame = read_vector(put(tmp_path, shapefile(rows, [(1, 2), (3, 4)]))).frame
    assert frame["code"].tolist() == ["B", "A"]
    expected = [shapely.Polygon(ring(1, 2)), shapely.Polygon(ring(3, 4))]
    assert shapely.equals(frame.geometry.to_numpy(), expected).all()


def test_a_missing_shx_is_made_anew_and_noted(tmp_path: Path) -> None:
    parts = chinese("utf-8", cpg="UTF-8")
    del parts[".shx"]
    file = read_vector(put(tmp_path, parts))
    assert file.frame["name"].tolist() == CHINESE
    assert file.notes == ("the .shx was missing and was made anew from the .shp",)
    assert not (tmp_path / "grids.shx").exists()


def test_suffixes_may_be_capitals(tmp_path: Path) -> None:
    parts = {suffix.upper(): part for suffix, part in chinese("utf-8").items()}
    put(tmp_path, parts)
    assert read_vector(tmp_path / "grids.SHP").frame["name"].tolist() == CHINESE


@pytest.mark.parametrize(
    ("spoil", "phrase"),
    [
        pytest.param(lambda parts: parts.pop(".dbf"), "lacks its .dbf", id="no-dbf"),
        pytest.param(
            lambda parts: parts.update({".shp": parts[".shp"][:-40]}),
            "its .shp is cut off at 468 of 508 bytes",
            id="cut-shp",
        ),
        pytest.param(
            lambda parts: parts.update({".shp": parts[".shp"][:60]}),
            "its .shp is not a shapefile's",
            id="header-only",
        ),
        pytest.param(
            lambda parts: parts.update({".shx": b"garbage" * 30}),
            "its .shx is not a shapefile's",
            id="garbage-shx",
        ),
        pytest.param(
            lambda parts: parts.update({".dbf": parts[".dbf"][:-30]}),
            "its .dbf is cut off before row 3",
            id="cut-dbf",
        ),
        pytest.param(
            lambda parts: parts.update({".dbf": b"\x03"}), "its .dbf is cut off", id="empty-dbf"
        ),
        pytest.param(
            lambda parts: parts.update({".dbf": shapefile([{"name": b"x"}], [(1, 2)])[".dbf"]}),
            "its .dbf has 1 rows for 3 geometries",
            id="dbf-of-another-file",
        ),
    ],
)
def test_a_damaged_part_is_refused_by_name(
    tmp_path: Path, spoil: Callable[[Parts], Any], phrase: str
) -> None:
    parts = chinese("utf-8")
    spoil(parts)
    with pytest.raises(InvalidInput) as caught:
        read_vector(put(tmp_path, parts))
    assert phrase in str(caught.value)
    assert str(caught.value).startswith("grids.shp")


def test_counts_that_lie_end_in_a_refusal(tmp_path: Path) -> None:
    parts = chinese("utf-8")
    # the first record claims two thousand million points
    parts[".shp"] = parts[".shp"][:148] + b"\xff\xff\xff\x7f" + parts[".shp"][152:]
    with pytest.raises(InvalidInput, match="row 1: its geometry is damaged"):
        read_vector(put(tmp_path, parts))


def test_an_index_that_points_outside_is_refused(tmp_path: Path) -> None:
    parts = chinese("utf-8")
    parts[".shx"] = parts[".shx"][:108] + b"\x7f\xff\xff\xff" + parts[".shx"][112:]
    with pytest.raises(InvalidInput, match="no record 2 where one should be"):
        read_vector(put(tmp_path, parts))


def test_rows_that_were_deleted_are_left_out(tmp_path: Path) -> None:
    parts = shapefile([{"code": b"A"}, {"code": b"B"}], [None, (3, 4)])
    dbf = bytearray(parts[".dbf"])
    dbf[65] = ord("*")
    frame = read_vector(put(tmp_path, parts | {".dbf": bytes(dbf)})).frame
    assert frame["code"].tolist() == ["B"]


def test_a_layer_name_must_be_the_files_own(tmp_path: Path) -> None:
    path = put(tmp_path, chinese("utf-8"))
    assert len(read_vector(path, layer_name="grids").frame) == 3
    with pytest.raises(InvalidInput, match="has one layer; leave out --layer-name"):
        read_vector(path, layer_name="other")


# zipped


def test_one_of_several_shapefiles_in_a_zip_is_chosen_by_name(save: Save) -> None:
    first, second = chinese("utf-8"), shapefile([{"name": b"x"}], [(1, 2)])
    members = {f"a/grids{suffix}": part for suffix, part in first.items()}
    members |= {f"b/roads{suffix}": part for suffix, part in second.items()}
    path = save("city.zip", zipped(members))
    with pytest.raises(InvalidInput, match=r"2 layers \(grids, roads\); pass --layer-name"):
        read_vector(path)
    assert read_vector(path, layer_name="roads").frame["name"].tolist() == ["x"]


def test_shapefiles_of_one_name_are_told_apart_by_folder(save: Save) -> None:
    members = {
        f"{folder}/grids{suffix}": part
        for folder, name in (("a", b"x"), ("b", b"y"))
        for suffix, part in shapefile([{"name": name}], [(1, 2)]).items()
    }
    path = save("city.zip", zipped(members))
    with pytest.raises(InvalidInput, match=r"\(a/grids, b/grids\)"):
        read_vector(path)
    assert read_vector(path, layer_name="b/grids").frame["name"].tolist() == ["y"]


def test_what_macos_adds_to_a_zip_is_left_out(save: Save) -> None:
    members = {f"grids{suffix}": part for suffix, part in chinese("utf-8").items()}
    members["__MACOSX/._grids.shp"] = b"junk"
    assert len(read_vector(save("city.zip", zipped(members))).frame) == 3


def test_a_zip_without_the_dbf_is_refused(save: Save) -> None:
    members = {f"g{suffix}": part for suffix, part in chinese("utf-8").items() if suffix != ".dbf"}
    with pytest.raises(InvalidInput, match=r"city\.zip lacks its \.dbf"):
        read_vector(save("city.zip", zipped(members)))
