"""Files that appear whole or not at all."""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from gridgis.errors import InvalidInput


@contextmanager
def replacing(path: str | Path) -> Iterator[Path]:
    """Give a temporary file beside `path`; it takes its place when the block ends without an error.

    A reader sees the old file or the new one, never half of it. The file is flushed to disk first.

    Raises
    ------
    InvalidInput
        If the folder does not exist or cannot be written, or `path` is a folder.
    """
    target = Path(path)
    if target.is_dir():
        raise InvalidInput(f"{target} is a folder; name a file in it")
    try:
        handle, name = tempfile.mkstemp(dir=target.parent, prefix=".", suffix=target.suffix)
    except OSError as error:
        raise InvalidInput(
            f"{target} cannot be written ({error.strerror}); name a file in a folder that exists"
        ) from error
    os.close(handle)
    temporary = Path(name)
    try:
        yield temporary
        _flush(temporary)
        temporary.chmod(find_usual_mode(target))
        os.replace(temporary, target)
    except OSError as error:
        raise InvalidInput(f"{target} cannot be written ({error.strerror or error})") from error
    finally:
        temporary.unlink(missing_ok=True)


def _flush(path: Path) -> None:
    with path.open("rb+") as file:
        os.fsync(file.fileno())


def find_usual_mode(target: Path) -> int:
    """Mode of the file that is replaced, or that of a new file; temporary files are private."""
    if target.exists():
        return target.stat().st_mode & 0o777
    mask = os.umask(0)
    os.umask(mask)
    return 0o666 & ~mask
