from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from gridgis.errors import CrsError, InvalidInput
from gridgis.files.vector import read_vector
from tests.files.builders import geoparquet

Save = Callable[[str, Any], Path]


@pytest.mark.parametrize(
    ("crs", "expected"),
    [
        pytest.param("omitted", "EPSG:4326", id="omitted-means-lonlat"),
        pytest.param({"id": {"authority": "EPSG", "code": 4490}}, None, id="not-a-projjson"),
        pytest.param(None, None, id="null-means-not-known"),
    ],
)
def test_geoparquet_declares_its_crs(save: Save, crs: Any, expected: str | None) -> None:
    path = save("g.parquet", geoparquet(crs))
    if expected is None:
        with pytest.raises(CrsError, match=r"g\.parquet"):
            read_vector(path)
    else:
        assert read_vector(path).crs == expected


def test_geoparquet_with_another_encoding_is_refused(save: Save) -> None:
    with pytest.raises(InvalidInput, match="its geometries are point, not WKB"):
        read_vector(save("g.parquet", geoparquet(encoding="point")))


def test_plain_parquet_is_refused(save: Save) -> None:
    buffer = pa.BufferOutputStream()
    pq.write_table(pa.table({"code": ["A"]}), buffer)
    with pytest.raises(InvalidInput, match="Parquet without geometry"):
        read_vector(save("g.parquet", buffer.getvalue().to_pybytes()))
