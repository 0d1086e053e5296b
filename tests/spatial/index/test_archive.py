import numpy as np
import pytest
import shapely

from gridgis.errors import InvalidInput
from gridgis.spatial.index import GridIndex
from tests.spatial.index.sets import world_grids

_NPY_HEADER_BYTES = 128


@pytest.fixture
def index():
    grids = world_grids()
    return GridIndex.build([f"网格 {n}" for n in range(len(grids))], grids)


def test_an_opened_index_answers_like_the_saved_one(index, tmp_path):
    opened = GridIndex.open(index.save(tmp_path))
    assert (opened.codes, opened.digest) == (index.codes, index.digest)
    points = np.random.default_rng(3).uniform((-180, -90), (180, 90), (1000, 2))
    assert (opened.locate_many(*points.T) == index.locate_many(*points.T)).all()
    assert opened.border(1.0, 2.0) == index.border(1.0, 2.0)


def test_the_file_is_a_npy_column_named_after_the_digest(index, tmp_path):
    path = index.save(tmp_path / "made" / "on-demand")
    assert path.parent == tmp_path / "made" / "on-demand"
    assert path.name == f"grids-v1-{index.digest}.npy"
    column = np.load(path)
    assert (column.dtype, column.ndim) == (np.dtype("<i4"), 1)
    assert [other.name for other in path.parent.iterdir()] == [path.name]


def test_equal_sets_give_equal_files(tmp_path):
    grids = world_grids()
    codes = [f"{n:02}" for n in range(len(grids))]
    one = GridIndex.build(codes, grids).save(tmp_path / "one")
    other = GridIndex.build(codes[::-1], grids[::-1]).save(tmp_path / "other")
    assert one.name == other.name
    assert one.read_bytes() == other.read_bytes()


def test_any_flipped_bit_is_noticed(index, tmp_path):
    path = index.save(tmp_path)
    whole = path.read_bytes()
    anywhere = np.random.default_rng(5).integers(_NPY_HEADER_BYTES, len(whole), 200).tolist()
    header = range(_NPY_HEADER_BYTES, _NPY_HEADER_BYTES + 128)
    for position in [*anywhere, *header, len(whole) - 1]:
        path.write_bytes(flip(whole, position))
        with pytest.raises(InvalidInput, match="build it again"):
            GridIndex.open(path)


def test_a_flipped_bit_of_the_npy_header_is_noticed_or_harmless(index, tmp_path):
    path = index.save(tmp_path)
    whole = path.read_bytes()
    for position in range(_NPY_HEADER_BYTES):
        path.write_bytes(flip(whole, position))
        try:
            opened = GridIndex.open(path)
        except InvalidInput:
            continue
        assert (opened.codes, opened.digest) == (index.codes, index.digest)
        assert opened.locate(1.0, 2.0) == index.locate(1.0, 2.0)


def flip(whole, position):
    return whole[:position] + bytes([whole[position] ^ 4]) + whole[position + 1 :]


@pytest.mark.parametrize(
    "spoil",
    [
        pytest.param(lambda whole: b"", id="empty"),
        pytest.param(lambda whole: whole[:50], id="cut-in-the-npy-header"),
        pytest.param(lambda whole: whole[:200], id="cut-in-the-header"),
        pytest.param(lambda whole: whole[:-4], id="last-word-missing"),
        pytest.param(lambda whole: whole[:128] + bytes(len(whole) - 128), id="zeroed"),
        pytest.param(lambda whole: b"not an index" * 100, id="text"),
        pytest.param(lambda whole: b"\x93NUMPY" + bytes(500), id="damaged-npy"),
    ],
)
def test_a_damaged_or_cut_file_is_refused(index, tmp_path, spoil):
    path = index.save(tmp_path)
    path.write_bytes(spoil(path.read_bytes()))
    with pytest.raises(InvalidInput, match="build it again"):
        GridIndex.open(path)


@pytest.mark.parametrize(
    "column",
    [
        pytest.param(np.zeros(500, np.int32), id="another-column"),
        pytest.param(np.zeros(500, np.float64), id="another-type"),
        pytest.param(np.zeros((50, 50), np.int32), id="a-table"),
        pytest.param(np.zeros(3, np.int32), id="too-short"),
        pytest.param(np.array(7, np.int32), id="one-number"),
    ],
)
def test_a_foreign_npy_file_is_refused(tmp_path, column):
    np.save(tmp_path / "foreign.npy", column)
    with pytest.raises(InvalidInput, match=r"foreign\.npy is .*not an index"):
        GridIndex.open(tmp_path / "foreign.npy")


def test_a_file_of_objects_is_refused_and_not_unpickled(tmp_path):
    np.save(tmp_path / "objects.npy", np.array([print], dtype=object), allow_pickle=True)
    with pytest.raises(InvalidInput, match=r"objects\.npy is damaged, or not an index"):
        GridIndex.open(tmp_path / "objects.npy")


def test_the_index_of_another_set_under_this_name_is_refused(index, tmp_path):
    other = GridIndex.build(["a"], [shapely.box(0, 0, 1, 1)])
    other.save(tmp_path).rename(index.save(tmp_path))
    with pytest.raises(InvalidInput, match="holds the index of another set"):
        GridIndex.open(tmp_path / f"grids-v1-{index.digest}.npy")


def test_a_missing_file_is_refused(tmp_path):
    with pytest.raises(InvalidInput, match=r"gone\.npy cannot be read"):
        GridIndex.open(tmp_path / "gone.npy")


def test_a_damaged_file_is_replaced_by_the_next_save(index, tmp_path):
    path = index.save(tmp_path)
    path.write_bytes(b"damaged")
    assert GridIndex.open(index.save(tmp_path)).digest == index.digest


def test_a_failed_save_leaves_no_file_behind(index, tmp_path, monkeypatch):
    def fail(descriptor):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", fail)
    with pytest.raises(OSError, match="No space left"):
        index.save(tmp_path)
    assert list(tmp_path.iterdir()) == []
