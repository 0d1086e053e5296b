"""A file that grows piece by piece and can be gone on with after its program was killed.

Beside the target ``OUT`` stands a folder ``OUT.partial`` until the file is whole:

``rows``
    what will be ``OUT``;
``rejects``
    what will be the list of rejected rows, if any;
``journal``
    a line of JSON that says of what run this is, then one for each piece, with the sizes of the two
    files behind it.

A piece counts when its line stands in the journal. Lines are written after the pieces have reached
the disk, so whatever a killed program or machine left behind the last line is cut off, and the
file goes on as if nothing had happened. A run of anything else starts anew.
"""

import json
import os
import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, Any

from gridgis.errors import Conflict, InvalidInput
from gridgis.files.output import find_usual_mode

CHECKPOINT_S = 0.5

_ROWS, _REJECTS, _JOURNAL = "rows", "rejects", "journal"
_NAMES = (_ROWS, _REJECTS, _JOURNAL)

Note = Mapping[str, Any]
Bytes = bytes | bytearray | memoryview


class PartialFile:
    """The opened folder; `notes` are those of the pieces that are there already, in order."""

    def __init__(self, folder: Path, identity: Note, *, checkpoint_s: float) -> None:
        self._folder = folder
        self._checkpoint_s = checkpoint_s
        self._unwritten: list[Note] = []
        # the journal is locked before anything is read, so that two runs never share a folder
        self._journal = _open_locked(folder / _JOURNAL)
        self._rows, self._rejects = ((folder / name).open("ab") for name in (_ROWS, _REJECTS))
        sizes = (self._rows.tell(), self._rejects.tell())
        lines, length = _read_lines(self._journal)
        self.notes: list[Note] = _pick_whole(lines, identity, sizes)
        if self.notes:
            self._cut(length, self.notes[-1]["sizes"])
        else:
            self._cut(0, (0, 0))
            self._write_lines([identity])
        self._last_checkpoint = time.monotonic()
        self._saver = ThreadPoolExecutor(1, thread_name_prefix="partial")
        self._saving: Future[None] | None = None

    @property
    def size(self) -> int:
        """Bytes of the file so far."""
        return self._rows.tell()

    def append(self, rows: Sequence[Bytes], note: Note | None, *, rejects: Bytes = b"") -> None:
        """Append one piece.

        `note` is what `notes` will hold of it, and must fit into JSON; a piece without one is the
        end of the file, which another run makes anew.
        """
        for some in rows:
            self._rows.write(some)
        self._rejects.write(rejects)
        if note is None:
            return
        sizes = (self._rows.tell(), self._rejects.tell())
        self._unwritten.append({**note, "sizes": sizes})
        is_saved = self._saving is None or self._saving.done()
        if is_saved and time.monotonic() - self._last_checkpoint >= self._checkpoint_s:
            self._save()

    def finish(self, target: Path, rejects: Path) -> None:
        """Put the file and its list of rejects in their places; an older list goes."""
        self._save()
        self._saver.shutdown()
        self._await_save()
        is_listed = self._rejects.tell() > 0
        for name, place in ((_ROWS, target), (_REJECTS, rejects)):
            (self._folder / name).chmod(find_usual_mode(place))
        self._rows.close()
        self._rejects.close()
        if is_listed:
            os.replace(self._folder / _REJECTS, rejects)
        else:
            rejects.unlink(missing_ok=True)
        os.replace(self._folder / _ROWS, target)

    def remove(self) -> None:
        """Close and remove what is left of the folder."""
        self._saver.shutdown()
        for file in (self._rows, self._rejects):
            with suppress(OSError):  # a full disk refuses the last bytes, which are not wanted
                file.close()
        for name in _NAMES:
            (self._folder / name).unlink(missing_ok=True)
        self._folder.rmdir()
        self._journal.close()

    def _cut(self, journal_bytes: int, sizes: Sequence[int]) -> None:
        self._journal.truncate(journal_bytes)
        for file, size in zip((self._rows, self._rejects), sizes, strict=True):
            file.truncate(size)
            file.seek(size)

    def _save(self) -> None:
        """Have what was appended brought to disk, then its lines, while another thread waits."""
        self._await_save()
        for file in (self._rows, self._rejects):
            file.flush()
        self._saving = self._saver.submit(self._bring_to_disk, self._unwritten)
        self._unwritten = []
        self._last_checkpoint = time.monotonic()

    def _await_save(self) -> None:
        if self._saving is not None:
            self._saving.result()

    def _bring_to_disk(self, notes: Sequence[Note]) -> None:
        for file in (self._rows, self._rejects):
            os.fsync(file.fileno())
        self._write_lines(notes)

    def _write_lines(self, notes: Sequence[Note]) -> None:
        self._journal.write(b"".join(json.dumps(note).encode() + b"\n" for note in notes))
        self._journal.flush()
        os.fsync(self._journal.fileno())


@contextmanager
def growing(
    target: Path, rejects: Path, *, identity: Note, checkpoint_s: float = CHECKPOINT_S
) -> Iterator[PartialFile]:
    """Give the partial file of a target; it takes its place when the block ends without an error.

    An error or Ctrl+C leaves nothing; a killed program leaves the folder, for the next run.

    Parameters
    ----------
    target
        The file to write or replace.
    rejects
        Its list of rejected rows.
    identity
        All that the bytes of the file depend on, for JSON; another run of the same goes on.
    checkpoint_s
        Seconds between the lines of the journal, at least.

    Raises
    ------
    InvalidInput
        If the folder does not exist or cannot be written, or `target` is a folder.
    Conflict
        If another program is writing the same target.
    """
    if target.is_dir():
        raise InvalidInput(f"{target} is a folder; name a file in it")
    folder = target.with_name(f"{target.name}.partial")
    try:
        folder.mkdir(exist_ok=True)
        strangers = [path.name for path in folder.iterdir() if path.name not in _NAMES]
        if strangers:
            raise InvalidInput(f"{folder} holds {strangers[0]}, which is not ours; move it away")
        partial = PartialFile(folder, identity, checkpoint_s=checkpoint_s)
    except OSError as error:
        raise InvalidInput(
            f"{target} cannot be written ({error.strerror}); name a file in a folder that exists"
        ) from error
    try:
        yield partial
        partial.finish(target, rejects)
    except OSError as error:
        raise InvalidInput(f"{target} cannot be written ({error.strerror or error})") from error
    finally:
        partial.remove()


def _open_locked(path: Path) -> IO[bytes]:
    file = path.open("a+b")
    if os.name == "posix":
        import fcntl  # noqa: PLC0415  # does not exist on Windows

        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            file.close()
            raise Conflict(
                f"{path.parent} is being written by another run; wait for it or name another output"
            ) from error
    return file


def _read_lines(journal: IO[bytes]) -> tuple[list[Any], int]:
    """Read the whole lines of a journal, and the number of their bytes."""
    journal.seek(0)
    lines = []
    length = 0
    for line in journal:
        try:
            if not line.endswith(b"\n"):
                break
            lines.append(json.loads(line))
        except ValueError:
            break
        length += len(line)
    return lines, length


def _pick_whole(lines: list[Any], identity: Note, sizes: tuple[int, int]) -> list[Note]:
    """Return the notes of a journal of the same run whose pieces are all there, else none."""
    if len(lines) < 2 or lines[0] != json.loads(json.dumps(identity)):
        return []
    recorded = lines[-1]["sizes"]
    is_there = all(size >= least for size, least in zip(sizes, recorded, strict=True))
    return lines[1:] if is_there else []
