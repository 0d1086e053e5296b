import os
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from gridgis.errors import InvalidInput
from gridgis.files.source import find_kind, open_source

Save = Callable[[str, Any], Path]


def test_a_source_is_its_bytes(save: Save) -> None:
    source = open_source(save("a.txt", b"abc"))
    assert (source.name, source.content) == ("a.txt", b"abc")
    assert source.digest == sha256(b"abc").hexdigest()


@pytest.mark.parametrize(
    "name",
    ["nowhere.csv", "http://127.0.0.1/a", "/vsicurl/http://127.0.0.1/a", "a\0b", "x" * 5000, "-"],
)
def test_what_is_no_file_is_refused(name: str) -> None:
    with pytest.raises(InvalidInput, match="no such file"):
        open_source(name)


def test_a_pipe_is_no_file(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(InvalidInput, match="no such file"):
        open_source(tmp_path / "pipe")


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        pytest.param(b'\xef\xbb\xbf {"a": 1}', "json", id="json-with-mark"),
        pytest.param('{"a": 1}'.encode("utf-16"), "json", id="json-utf-16"),
        pytest.param(b"\x1e{}", "json", id="json-sequence"),
        pytest.param(b"<kml/>", "xml", id="xml"),
        pytest.param(b"<?xml version='1.0'?><html>", "html", id="xhtml"),
        pytest.param(b"PAR1", "parquet", id="parquet"),
        pytest.param(b"a,b", None, id="table"),
        pytest.param(b"\xff\xfe", None, id="mark-alone"),
    ],
)
def test_find_kind(content: bytes, kind: str | None) -> None:
    assert find_kind(content) == kind
