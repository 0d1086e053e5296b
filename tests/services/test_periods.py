"""Counts by grid and period equal a groupby, whatever the chunks are."""

import datetime

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from gridgis.errors import InvalidInput
from gridgis.services.periods import (
    Breakdown,
    add_counts,
    count_rows,
    parse_breakdown,
    settle_time,
    write_counts,
)

CODES = {"ward": ("1", "2", "10"), "anc": ("A", "B")}


def count(times, numbers, breakdown):
    rows = pa.table({"t": times})
    halves = [
        count_rows(
            rows.slice(first, length),
            {layer: of[first : first + length] for layer, of in numbers.items()},
            breakdown,
        )
        for first, length in ((0, len(rows) // 2), (len(rows) // 2, len(rows)))
    ]
    return write_counts(add_counts(halves), CODES).decode()


def test_counts_by_hand():
    times = pa.array(["2024-01-31T23:59:59", "2024-02-01T00:00:00", None, "2024-02-29T12:00:00"])
    numbers = {"ward": np.array([2, 0, 0, -1], np.int32)}
    breakdown = Breakdown(("grid", "month"), "t")
    assert count(times.cast(pa.timestamp("s")), numbers, breakdown) == (
        "ward_grid,month,count\n1,2024-02,1\n1,,1\n10,2024-01,1\n,2024-02,1\n"
    )


@pytest.mark.parametrize(
    ("zone", "line"),
    [
        pytest.param("UTC", "2024-01-01,1", id="utc"),
        pytest.param("America/New_York", "2023-12-31,1", id="the-evening-before"),
    ],
)
def test_times_with_a_zone_are_counted_by_the_clock_of_the_settings(zone, line):
    times = pa.array([datetime.datetime(2024, 1, 1, 3, tzinfo=datetime.UTC)])
    breakdown = Breakdown(("day",), "t", zone)
    assert count(times, {"ward": np.array([0], np.int32)}, breakdown) == f"day,count\n{line}\n"


@pytest.mark.parametrize("period", ["year", "month", "day"])
def test_counts_equal_a_groupby(period):
    seeded = np.random.default_rng(2)
    times = pd.Series(pd.to_datetime(seeded.integers(1_600_000_000, 1_700_000_000, 2000), unit="s"))
    numbers = {
        "ward": seeded.integers(-1, 3, 2000).astype(np.int32),
        "anc": seeded.integers(-1, 2, 2000).astype(np.int32),
    }
    text = count(pa.array(times), numbers, Breakdown((period, "grid"), "t"))
    form = {"year": "%Y", "month": "%Y-%m", "day": "%Y-%m-%d"}[period]
    names = {layer: np.array([*codes, ""], object) for layer, codes in CODES.items()}
    rows = pd.DataFrame(
        {
            period: times.dt.strftime(form),
            "ward_grid": names["ward"][numbers["ward"]],
            "anc_grid": names["anc"][numbers["anc"]],
        }
    )
    expected = rows.groupby(list(rows.columns)).size()
    header, *lines = text.splitlines()
    assert header == f"{period},ward_grid,anc_grid,count"
    assert sorted(lines) == sorted(
        f"{','.join(key)},{count}" for key, count in expected.to_dict().items()
    )


@pytest.mark.parametrize("text", ["", "grid,week", "grid,grid", "month,year", "ward"])
def test_a_breakdown_that_is_none(text):
    with pytest.raises(InvalidInput, match="write it like grid,month"):
        parse_breakdown(text, time=None, zone="UTC")


def test_the_column_of_the_time():
    schema = pa.schema({"t": pa.timestamp("s"), "n": pa.int64(), "d": pa.date32()})
    by_month = Breakdown(("month",))
    assert settle_time(by_month, schema.remove(2), "p").time == "t"
    assert settle_time(Breakdown(("month",), "d"), schema, "p").time == "d"
    assert settle_time(Breakdown(("grid",)), schema, "p").time is None
    with pytest.raises(InvalidInput, match="pass --time; its columns of times are: t, d"):
        settle_time(by_month, schema, "p")
    with pytest.raises(InvalidInput, match="has no column 'n' of dates or times"):
        settle_time(Breakdown(("month",), "n"), schema, "p")
    with pytest.raises(InvalidInput, match="--time goes with"):
        parse_breakdown("grid", time="t", zone="UTC")
