"""A database in one SQLite file: created, opened, and written to by one after the other."""

import os
import sqlite3
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import Connection

from gridgis.errors import ConfigError

BUSY_TIMEOUT_MS = 5000
"""How long SQLite waits for a writer that does not queue with us, such as a backup tool."""

READ = {"sqlite_begin": "BEGIN", "sqlite_query_only": "ON"}
WRITE = {"sqlite_begin": "BEGIN IMMEDIATE", "sqlite_query_only": "OFF"}
"""Execution options for `begin`. A transaction that reads first and writes then could not wait."""

_NETWORK_FILE_SYSTEMS = {"afs", "cifs", "fuse.sshfs", "nfs", "nfs4", "smb3", "smbfs"}
_MOUNTS = Path("/proc/self/mountinfo")


def require_place(path: Path) -> None:
    """Raise ConfigError unless a file at `path` may be a database."""
    if path.is_dir():
        raise ConfigError(f"GRIDGIS_DATABASE_URL names the folder {path}; name a file in it")
    if not path.parent.is_dir():
        raise ConfigError(f"folder {path.parent} of the database does not exist; create it first")


def create(path: Path) -> None:
    """Create the file if there is none, and let readers and a writer work side by side (WAL).

    Raises
    ------
    ConfigError
        If the file is not an SQLite database, cannot be written, or lies on a network file system.
    """
    file_system = _MOUNTS.exists() and find_file_system(
        _MOUNTS.read_text(errors="replace"), path.parent.stat().st_dev
    )
    if file_system in _NETWORK_FILE_SYSTEMS:
        raise ConfigError(
            f"file {path} lies on {file_system}, a network file system, where SQLite loses data; "
            "use a local disk or PostGIS"
        )
    try:
        with queue_for_writing(path):
            connection = sqlite3.connect(path, timeout=BUSY_TIMEOUT_MS / 1000)
            try:
                connection.execute("PRAGMA journal_mode=WAL")
            finally:
                connection.close()
    except sqlite3.Error as error:
        raise ConfigError(f"file {path} cannot be used as an SQLite database: {error}") from error


def connect(path: Path) -> sqlite3.Connection:
    """Open the file, which must exist; one thread at a time may use the connection."""
    connection = sqlite3.connect(
        f"{path.as_uri()}?mode=rw",
        uri=True,
        isolation_level=None,  # transactions are begun by `begin`, never by the driver
        check_same_thread=False,
        timeout=BUSY_TIMEOUT_MS / 1000,
    )
    try:
        connection.execute("PRAGMA schema_version")  # reads the file, so that a wrong one is found
        connection.execute("PRAGMA synchronous=FULL")  # NORMAL loses acknowledged writes
        connection.execute("PRAGMA foreign_keys=ON")
        connection.execute("PRAGMA recursive_triggers=ON")  # REPLACE must fire delete triggers
    except sqlite3.Error:
        connection.close()
        raise
    return connection


def begin(connection: Connection) -> None:
    """Begin a transaction of the kind that the execution options say, `READ` or `WRITE`."""
    options = connection.get_execution_options()
    connection.exec_driver_sql(f"PRAGMA query_only={options['sqlite_query_only']}")
    connection.exec_driver_sql(options["sqlite_begin"])


@contextmanager
def queue_for_writing(path: Path) -> Iterator[None]:
    """Wait for one's turn to write to the file at `path`.

    SQLite lets waiting writers sleep and poll, so that some starve; the lock of a file beside it is
    handed on in turn, and falls free when its holder dies. Windows has no such lock: there SQLite's
    own lock still keeps writers apart, but not in turn.

    Raises
    ------
    ConfigError
        If the file beside it cannot be written.
    """
    if sys.platform == "win32":
        yield
        return
    import fcntl  # noqa: PLC0415  # does not exist on Windows

    try:
        lock_file = os.open(path.with_name(path.name + ".lock"), os.O_CREAT | os.O_RDWR, 0o666)
    except OSError as error:
        raise ConfigError(
            f"folder {path.parent} of the database cannot be written: {error.strerror}"
        ) from error
    try:
        fcntl.flock(lock_file, fcntl.LOCK_EX)
        yield
    finally:
        os.close(lock_file)


def find_file_system(mounts: str, device: int) -> str | None:
    """Find the kind of file system of `device` in the text of ``/proc/self/mountinfo``."""
    number = f"{os.major(device)}:{os.minor(device)}"
    for line in mounts.splitlines():
        place, _, kind = line.partition(" - ")
        if place.split()[2:3] == [number]:
            return kind.split()[0]
    return None
