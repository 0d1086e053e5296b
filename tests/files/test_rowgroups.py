from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gridgis.files import thrift
from gridgis.files.rowgroups import MAGIC, encode_rows, join_footers


def join(schema: pa.Schema, tables: list[pa.Table]) -> pq.ParquetFile:
    content = bytearray(MAGIC)
    parts = []
    for table in tables:
        encoded = encode_rows(table)
        parts.append((len(content), encoded.footer))
        content += encoded.body
    content += join_footers(schema, parts)
    return pq.ParquetFile(pa.BufferReader(bytes(content)))


RECORD = pa.struct({"a": pa.int64(), "b": pa.list_(pa.string())})


def make(rows: int, seed: int = 0) -> pa.Table:
    random = np.random.default_rng(seed)
    return pa.table(
        {
            "id": np.arange(rows),
            "x": random.random(rows),
            "few": random.integers(0, 3, rows).astype("int32"),
            "at": pa.array(random.integers(0, 10**15, rows)).cast(pa.timestamp("us", "UTC")),
            "name": pa.array([None, "东街", ""] * rows, pa.string())[:rows],
            "text": pa.array(["x"] * rows, pa.string_view()),
            "nothing": pa.nulls(rows),
            "record": pa.array([{"a": 1, "b": ["x"]}] * rows, RECORD),
            "list": pa.array([[1, 2], None, []] * rows, pa.list_(pa.int64()))[:rows],
            "flag": pa.array([True, None] * rows, pa.bool_())[:rows],
        }
    )


def test_parts_are_the_rows_of_one_file() -> None:
    tables = [make(1000, 1), make(1, 2), make(0), make(5000, 3)]
    schema = tables[0].schema.with_metadata({"geo": "{}"})
    joined = join(schema, tables)
    kinds = {field.name: field.type for field in joined.schema_arrow}
    assert kinds == {field.name: field.type for field in schema}
    assert joined.read().to_pylist() == pa.concat_tables(tables).to_pylist()
    assert joined.schema_arrow.metadata == {b"geo": b"{}"}
    assert joined.num_row_groups == 3
    assert joined.metadata.row_group(2).num_rows == 5000
    column = joined.metadata.row_group(2).column(0)
    assert (column.statistics.min, column.statistics.max) == (0, 4999)


def test_dictionaries_are_text_in_the_file() -> None:
    codes = [pa.array(["A", None, "A"]).dictionary_encode(), pa.array(["B"]).dictionary_encode()]
    joined = join(pa.schema({"g": pa.string()}), [pa.table({"g": column}) for column in codes])
    assert joined.schema_arrow.field("g").type == pa.string()
    assert joined.read()["g"].to_pylist() == ["A", None, "A", "B"]


def test_a_file_of_no_parts_has_no_rows() -> None:
    joined = join(pa.schema({"a": pa.int64()}), [])
    assert joined.read().equals(pa.table({"a": pa.array([], pa.int64())}))


def test_the_same_rows_are_the_same_bytes() -> None:
    one, other = encode_rows(make(3000)), encode_rows(make(3000))
    assert (bytes(one.body), one.footer) == (bytes(other.body), other.footer)


KIND = st.sampled_from([thrift.I32, thrift.I64])
VALUE: Any = st.one_of(
    st.tuples(KIND, st.integers(-(2**31), 2**31 - 1)),
    st.tuples(st.just(thrift.BINARY), st.binary(max_size=200)),
    st.tuples(st.sampled_from([thrift.TRUE, thrift.FALSE]), st.none()),
    st.tuples(st.just(thrift.DOUBLE), st.binary(min_size=8, max_size=8)),
    st.tuples(
        st.just(thrift.LIST),
        st.tuples(st.just(thrift.I64), st.lists(st.integers(-(2**63), 2**63 - 1), max_size=20)),
    ),
)
STRUCT: Any = st.recursive(
    st.dictionaries(st.integers(1, 40), VALUE, max_size=4),
    lambda inner: st.dictionaries(
        st.integers(1, 40), st.tuples(st.just(thrift.STRUCT), inner), max_size=3
    ),
    max_leaves=6,
)


@settings(max_examples=200)
@given(STRUCT)
def test_a_struct_written_is_the_struct_read(struct: thrift.Struct) -> None:
    assert thrift.read_struct(thrift.write_struct(struct)) == struct


def test_a_footer_is_written_back_byte_by_byte() -> None:
    footer = encode_rows(make(100)).footer
    assert thrift.write_struct(thrift.read_struct(footer)) == footer


def test_zigzag_numbers_by_hand() -> None:
    # field 1 of type i32: 0x15; -1 is 1, 1 is 2, 150 is 300 = 0xAC 0x02; 0x00 ends the struct
    assert thrift.write_struct({1: (thrift.I32, -1)}) == bytes([0x15, 0x01, 0x00])
    assert thrift.write_struct({1: (thrift.I32, 1)}) == bytes([0x15, 0x02, 0x00])
    assert thrift.write_struct({1: (thrift.I32, 150)}) == bytes([0x15, 0xAC, 0x02, 0x00])


def test_bytes_behind_a_struct_are_refused() -> None:
    with pytest.raises(ValueError, match="follow the struct"):
        thrift.read_struct(b"\x00\x00")
