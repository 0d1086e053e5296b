import io
import zipfile
from collections.abc import Callable
from pathlib import PurePosixPath

import pytest

from gridgis.errors import InvalidInput
from gridgis.files.archive import unpack
from tests.files.builders import zipped


def unpack_all(content: bytes) -> dict[PurePosixPath, bytes]:
    return unpack(content, "city.zip", is_wanted=lambda suffix: suffix == ".shp")


def archive(fill: Callable[[zipfile.ZipFile], None]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as made:
        fill(made)
    return buffer.getvalue()


def member(name: str, attributes: int = 0) -> zipfile.ZipInfo:
    info = zipfile.ZipInfo(name)
    info.external_attr = attributes
    return info


def test_wanted_members_are_unpacked_by_path() -> None:
    content = zipped({"a/b/GRIDS.SHP": b"x", "a/readme.txt": b"y", "a/empty/": b""})
    assert unpack_all(content) == {PurePosixPath("a/b/GRIDS.SHP"): b"x"}


def test_names_in_gbk_are_read() -> None:
    # Windows in China writes GBK bytes without the flag for UTF-8
    content = zipped({"aaaaaaaa.shp": b"x"}).replace(b"aaaaaaaa", "网格边界".encode("gbk"))
    assert list(unpack_all(content)) == [PurePosixPath("网格边界.shp")]


@pytest.mark.parametrize(
    ("content", "phrase"),
    [
        pytest.param(
            zipped({f"{number}.shp": b"" for number in range(51)}),
            "more than 50 members",
            id="many-members",
        ),
        pytest.param(
            archive(lambda made: made.writestr("a.shp", bytes(201 << 20))),
            "unpacks to more than 200 MB",
            id="large",
        ),
        pytest.param(
            archive(lambda made: made.writestr("a.shp", bytes(20 << 20))),
            "more than 100 times its size",
            id="ratio",
        ),
        pytest.param(zipped({"../../evil.shp": b"x"}), "name leads outside", id="parent-folder"),
        pytest.param(zipped({"a\\..\\..\\evil.shp": b"x"}), "leads outside", id="backslashes"),
        pytest.param(zipped({"/etc/cron.d/x.shp": b"x"}), "name leads outside", id="absolute"),
        pytest.param(zipped({"C:/x.shp": b"x"}), "name leads outside", id="drive-letter"),
        pytest.param(
            archive(lambda made: made.writestr(member("l.shp", 0o120777 << 16), "/etc/passwd")),
            "has a link",
            id="symlink",
        ),
        pytest.param(zipped({"a.shp": b"x" * 99})[:60], "is a broken zip archive", id="cut-off"),
    ],
)
def test_a_dangerous_archive_is_refused(content: bytes, phrase: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        unpack_all(content)
    assert phrase in str(caught.value)
    assert str(caught.value).startswith("city.zip")


def test_an_encrypted_member_is_refused() -> None:
    content = bytearray(zipped({"a.shp": b"x"}))
    content[content.index(b"PK\x01\x02") + 8] |= 1
    with pytest.raises(InvalidInput, match="is encrypted"):
        unpack_all(bytes(content))


def test_an_unusual_method_is_refused() -> None:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_LZMA) as made:
        made.writestr("a.shp", "x")
    with pytest.raises(InvalidInput, match="packed in an unusual way"):
        unpack_all(buffer.getvalue())


def test_a_header_that_lies_about_its_size_is_refused() -> None:
    honest = zipped({"a.shp": b"x" * 5000})
    central = honest.index(b"PK\x01\x02")
    lying = honest[: central + 24] + (10).to_bytes(4, "little") + honest[central + 28 :]
    with pytest.raises(InvalidInput, match="is a broken zip archive"):
        unpack_all(lying)


def test_bytes_that_were_changed_on_the_way_are_refused() -> None:
    content = bytearray(zipped({"a.shp": bytes(range(256))}))
    content[60] ^= 0xFF
    with pytest.raises(InvalidInput, match="is a broken zip archive"):
        unpack_all(bytes(content))
