import math
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gridgis.errors import InvalidInput
from gridgis.maps.legend import (
    COVERAGE_COLOURS,
    INCIDENT_COLOURS,
    ZERO_COLOUR,
    classify_counts,
    classify_shares,
    find_class,
    measure_luminance,
    pick_line,
)


def test_counts_fall_into_fifths_with_zero_apart():
    # ten counts above 0: the fifths end at the 2nd, 4th, 6th, 8th and 10th of 1 1 2 3 4 4 6 9 12 40
    classes = classify_counts([0, 4, 1, 12, 1, 2, None, 3, 40, 4, 6, 9, 0])
    assert [one.label for one in classes] == ["0", "1", "2–3", "4", "5–9", "10–40"]
    assert [one.upper for one in classes] == [0, 1, 3, 4, 9, 40]
    assert [one.colour for one in classes] == [ZERO_COLOUR, *INCIDENT_COLOURS]


@pytest.mark.parametrize(
    ("values", "labels"),
    [
        pytest.param([], [], id="no grid"),
        pytest.param([None, None], [], id="no data"),
        pytest.param([0, 0], ["0"], id="no incident"),
        pytest.param([5, 5, 5], ["1–5"], id="all alike"),
        pytest.param([1, None], ["1"], id="one grid with one incident"),
        pytest.param([0, 2, 7], ["0", "1–2", "3–7"], id="fewer grids than classes"),
        pytest.param([1, 1500], ["1", "2–1,500"], id="thousands get a comma"),
    ],
)
def test_labels_of_counts(values, labels):
    assert [one.label for one in classify_counts(values)] == labels


def test_two_classes_are_the_lightest_and_the_darkest():
    colours = [one.colour for one in classify_counts([1, 9])]
    assert colours == [INCIDENT_COLOURS[0], INCIDENT_COLOURS[-1]]


@given(st.lists(st.none() | st.integers(0, 10_000), max_size=60))
def test_every_count_is_in_the_class_its_label_names(values):
    classes = classify_counts(values)
    uppers = [one.upper for one in classes]
    assert uppers == sorted(set(uppers))
    assert len(classes) <= 6
    for value in values:
        position = find_class(value, classes)
        if value is None:
            assert position is None
        else:
            ends = [int(end.replace(",", "")) for end in classes[position].label.split("–")]
            assert ends[0] <= value <= ends[-1]


@pytest.mark.parametrize(
    ("share", "label"),
    [
        pytest.param(0.0, "0–20%", id="nobody"),
        pytest.param(0.2, "0–20%", id="an upper end belongs to its class"),
        pytest.param(0.200001, "20–40%", id="just above it does not"),
        pytest.param(0.6, "40–60%", id="three fifths"),
        pytest.param(1.0, "80–100%", id="everybody"),
    ],
)
def test_share_is_in_its_fifth(share, label):
    classes = classify_shares([share])
    assert len(classes) == 5
    assert classes[find_class(share, classes)].label == label


def test_no_share_no_classes():
    assert classify_shares([None]) == ()


@pytest.mark.parametrize("value", [-1, 0.5, math.nan, math.inf])
def test_what_is_not_a_count_is_refused(value):
    with pytest.raises(InvalidInput, match="not a count of incidents"):
        classify_counts([value])


@pytest.mark.parametrize("value", [-0.01, 1.01, 85, math.nan])
def test_what_is_not_a_share_is_refused(value):
    with pytest.raises(InvalidInput, match=r"not a share; give numbers from 0 to 1"):
        classify_shares([value])


@pytest.mark.parametrize(
    ("colour", "luminance"),
    [
        pytest.param("#ffffff", 1.0, id="white"),
        pytest.param("#000000", 0.0, id="black"),
        pytest.param("#ff0000", 0.2126, id="red"),
        # (128/255 + 0.055) / 1.055 to the power of 2.4
        pytest.param("#808080", 0.21586, id="middle grey"),
    ],
)
def test_luminance(colour, luminance):
    assert measure_luminance(colour) == pytest.approx(luminance, abs=1e-5)


@pytest.mark.parametrize(
    "ramp",
    [
        pytest.param((ZERO_COLOUR, *INCIDENT_COLOURS), id="incidents"),
        pytest.param(COVERAGE_COLOURS, id="coverage"),
    ],
)
def test_ramp_falls_in_luminance_by_a_visible_step(ramp):
    luminances = [measure_luminance(colour) + 0.05 for colour in ramp]
    steps = [lighter / darker for lighter, darker in pairwise(luminances)]
    assert min(steps) > 1.1


@pytest.mark.parametrize("fill", [*INCIDENT_COLOURS, *COVERAGE_COLOURS, ZERO_COLOUR])
def test_border_shows_on_every_fill(fill):
    pair = sorted((measure_luminance(fill) + 0.05, measure_luminance(pick_line(fill)) + 0.05))
    assert pair[1] / pair[0] > 2.0
