import threading

import pytest

from gridgis.services.pipeline import count_cores, map_in_order


def test_results_come_in_order_and_few_items_wait():
    read = []

    def items():
        for number in range(20):
            read.append(number)
            yield number

    for position, result in enumerate(map_in_order(lambda n: n * n, items(), threads=2)):
        assert result == position**2
        assert len(read) - position <= 4


def test_threads_work_at_the_same_time():
    both = threading.Barrier(2, timeout=10)
    assert len(list(map_in_order(lambda _: both.wait(), range(4), threads=2))) == 4


def test_an_error_ends_it():
    done = []

    def fail(number):
        if number == 3:
            raise ValueError("three")
        done.append(number)

    with pytest.raises(ValueError, match="three"):
        list(map_in_order(fail, range(1000), threads=1))
    assert len(done) < 10


def test_there_is_a_core():
    assert count_cores() >= 1
