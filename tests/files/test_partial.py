import os
import subprocess
import sys
from pathlib import Path

import pytest

from gridgis.errors import Conflict, InvalidInput
from gridgis.files.partial import growing

ROOT = Path(__file__).parents[2]
RUN = {"input": "a", "layers": {"ward": "1f"}}


def paths(folder: Path) -> tuple[Path, Path]:
    return folder / "out.csv", folder / "out.csv.rejects.csv"


def grow(folder: Path, pieces: list[tuple[bytes, bytes]], *, identity: object = RUN) -> list[int]:
    """Append what is not there; returns the numbers of the pieces that were."""
    with growing(*paths(folder), identity=identity, checkpoint_s=0) as partial:
        known = [note["piece"] for note in partial.notes]
        for number, (rows, rejects) in enumerate(pieces):
            if number not in known:
                partial.append([rows], {"piece": number}, rejects=rejects)
    return known


PIECES = [(b"one\n", b""), (b"two\n", b"r\n"), (b"three\n", b"")]


def kill_at(folder: Path, pieces: int, *, tail: bytes = b"") -> None:
    """Append some pieces in a process of its own, which then dies; `tail` is a half written one."""
    program = (
        "import os, sys, time\n"
        "from pathlib import Path\n"
        "from gridgis.files.partial import growing\n"
        f"from tests.files.test_partial import PIECES, RUN, paths\n"
        f"folder = Path({str(folder)!r})\n"
        "with growing(*paths(folder), identity=RUN, checkpoint_s=0) as partial:\n"
        f"    for number in range({pieces}):\n"
        "        rows, rejects = PIECES[number]\n"
        "        partial.append([rows], {'piece': number}, rejects=rejects)\n"
        "        partial._await_save()\n"
        f"    partial.append([{tail!r}], None)\n"
        "    partial._rows.flush()\n"
        "    os._exit(9)\n"
    )
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, check=False)
    assert done.returncode == 9


def test_a_whole_run_leaves_the_files_alone(tmp_path: Path) -> None:
    assert grow(tmp_path, PIECES) == []
    out, rejects = paths(tmp_path)
    assert out.read_bytes() == b"one\ntwo\nthree\n"
    assert rejects.read_bytes() == b"r\n"
    assert sorted(path.name for path in tmp_path.iterdir()) == [out.name, rejects.name]


@pytest.mark.parametrize("pieces", [0, 1, 2, 3])
@pytest.mark.parametrize("tail", [b"", b"half a pie"])
def test_a_killed_run_is_gone_on_with(tmp_path: Path, pieces: int, tail: bytes) -> None:
    kill_at(tmp_path, pieces, tail=tail)
    assert [path.name for path in tmp_path.iterdir()] == ["out.csv.partial"]
    assert grow(tmp_path, PIECES) == list(range(pieces))
    assert paths(tmp_path)[0].read_bytes() == b"one\ntwo\nthree\n"
    assert paths(tmp_path)[1].read_bytes() == b"r\n"
    assert not (tmp_path / "out.csv.partial").exists()


def test_another_run_starts_anew(tmp_path: Path) -> None:
    kill_at(tmp_path, 2)
    assert grow(tmp_path, PIECES, identity={**RUN, "input": "b"}) == []
    assert paths(tmp_path)[0].read_bytes() == b"one\ntwo\nthree\n"


@pytest.mark.parametrize(
    ("name", "kept"),
    [
        pytest.param("journal", [0], id="a-line-cut-short-does-not-count"),
        pytest.param("rows", [], id="rows-that-are-gone-start-anew"),
    ],
)
def test_files_cut_short(tmp_path: Path, name: str, kept: list[int]) -> None:
    kill_at(tmp_path, 2)
    file = tmp_path / "out.csv.partial" / name
    os.truncate(file, file.stat().st_size - 1)
    assert grow(tmp_path, PIECES) == kept
    assert paths(tmp_path)[0].read_bytes() == b"one\ntwo\nthree\n"
    assert paths(tmp_path)[1].read_bytes() == b"r\n"


@pytest.mark.parametrize("error", [InvalidInput, KeyboardInterrupt])
def test_an_error_leaves_nothing_and_the_old_file_alone(
    tmp_path: Path, error: type[BaseException]
) -> None:
    out, _ = paths(tmp_path)
    out.write_text("old")

    def fail() -> None:
        with growing(*paths(tmp_path), identity=RUN) as partial:
            partial.append([b"new"], {"piece": 0})
            raise error

    with pytest.raises(error):
        fail()
    assert out.read_text() == "old"
    assert [path.name for path in tmp_path.iterdir()] == [out.name]


def test_rejects_of_an_earlier_run_go(tmp_path: Path) -> None:
    grow(tmp_path, PIECES)
    grow(tmp_path, PIECES[:1])
    assert not paths(tmp_path)[1].exists()


def test_two_runs_do_not_share_a_target(tmp_path: Path) -> None:
    with growing(*paths(tmp_path), identity=RUN) as partial:
        partial.append([b"one\n"], {"piece": 0})
        with pytest.raises(Conflict, match="is being written by another run"):
            grow(tmp_path, PIECES)
    assert paths(tmp_path)[0].read_bytes() == b"one\n"


def test_a_folder_of_a_user_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "out.csv.partial").mkdir()
    (tmp_path / "out.csv.partial" / "thesis.txt").write_text("mine")
    with pytest.raises(InvalidInput, match=r"holds thesis\.txt, which is not ours"):
        grow(tmp_path, PIECES)
    assert (tmp_path / "out.csv.partial" / "thesis.txt").read_text() == "mine"


def test_a_target_that_is_a_folder_is_refused(tmp_path: Path) -> None:
    with (
        pytest.raises(InvalidInput, match="is a folder"),
        growing(tmp_path, tmp_path / "r.csv", identity=RUN),
    ):
        pytest.fail("the block must not be entered")
