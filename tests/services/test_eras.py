"""What lookups keep with a snapshot: it is used within an era, and never beyond."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from gridgis.services.lookup import Question, look_up, look_up_if_ready
from tests.dc import NOW, WHITE_HOUSE

INSTANT = timedelta(microseconds=1)
VACANT = (-77.0708, 38.9345)


def fresh(snapshot):
    """Give the snapshot as it is when it has just been loaded."""
    return replace(snapshot, kept={})


@pytest.mark.parametrize("place", [WHITE_HOUSE, VACANT], ids=["held", "vacant"])
def test_kept_answers_equal_fresh_ones_around_every_turning_point(dc_snapshot, place):
    kept = fresh(dc_snapshot)
    moments = {moment for of in kept.turning_points.values() for moment in of}
    assert {datetime(2013, 1, 1, 5, tzinfo=UTC), datetime(2015, 1, 2, 5, tzinfo=UTC)} <= moments
    for moment in [*sorted(moments), *sorted(moments)]:
        for at in (moment - INSTANT, moment, moment + INSTANT):
            question = Question(at=at)
            assert look_up(kept, *place, question) == look_up(fresh(kept), *place, question)


def test_a_place_is_ready_once_its_era_was_asked_for(dc_snapshot):
    snapshot, now = fresh(dc_snapshot), Question(at=NOW)
    assert look_up_if_ready(snapshot, *WHITE_HOUSE, now) is None
    answer = look_up(snapshot, *WHITE_HOUSE, now)
    assert look_up_if_ready(snapshot, *WHITE_HOUSE, now) == answer
    assert look_up_if_ready(snapshot, *VACANT, now) == look_up(snapshot, *VACANT, now)
    assert (
        look_up_if_ready(snapshot, *WHITE_HOUSE, Question(at=datetime(2014, 1, 1, tzinfo=UTC)))
        is None
    )


def test_what_was_known_then_is_never_kept(dc_snapshot):
    snapshot, past = fresh(dc_snapshot), Question(at=NOW, known_at=NOW - timedelta(days=1))
    look_up(snapshot, *WHITE_HOUSE, past)
    assert not snapshot.kept
    assert look_up_if_ready(snapshot, *WHITE_HOUSE, past) is None


def test_an_unknown_layer_is_not_ready(dc_snapshot):
    assert look_up_if_ready(dc_snapshot, *WHITE_HOUSE, Question(at=NOW, layers=["none"])) is None


def test_accuracy_is_that_of_each_question(dc_snapshot):
    snapshot = fresh(dc_snapshot)

    def certainty(accuracy_m):
        question = Question(at=NOW, layers=["anc"], accuracy_m=accuracy_m)
        return look_up(snapshot, *WHITE_HOUSE, question)["results"][0]["certainty"]

    assert [certainty(0.0), certainty(500.0), certainty(0.0)] == ["certain", "ambiguous", "certain"]


def test_the_eras_that_are_kept_are_few(dc_snapshot):
    snapshot = fresh(dc_snapshot)
    for year in range(1990, 2030):
        look_up(snapshot, *WHITE_HOUSE, Question(at=datetime(year, 1, 1, tzinfo=UTC)))
    assert len(snapshot.kept) <= 4 * len(snapshot.layers)
