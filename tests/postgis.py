"""A private PostgreSQL server with PostGIS, started for a test session and stopped at its end."""

import os
import pwd
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_SETTINGS = """
listen_addresses = '127.0.0.1'
port = {port}
unix_socket_directories = '{folder}'
fsync = off
synchronous_commit = off
full_page_writes = off
shared_buffers = 64MB
max_connections = 50
"""


def find_missing_part() -> str | None:
    """Say what this machine lacks for a private server, None if nothing."""
    programs = _find_programs()
    if programs is None:
        return "PostgreSQL is not installed (no initdb in PATH or /usr/lib/postgresql)"
    if not (_find_share(programs) / "extension" / "postgis.control").exists():
        return f"PostGIS is not installed for the PostgreSQL in {programs}"
    if os.geteuid() == 0 and not _has_user("postgres"):
        return "PostgreSQL does not run as root, and there is no user postgres to run it as"
    return None


@contextmanager
def run_server() -> Iterator[str]:
    """Run a server on a free port of 127.0.0.1; gives the URL of its `postgres` database."""
    programs = _find_programs()
    assert programs is not None, "ask find_missing_part first"
    # Not pytest's own folder: the path of a socket may have 107 bytes at most.
    folder = Path(tempfile.mkdtemp(prefix="gridgis-pg-"))
    data = folder / "data"
    if os.geteuid() == 0:
        shutil.chown(folder, "postgres")
    folder.chmod(0o711)
    try:
        _run(
            programs / "initdb",
            *("-D", data, "-U", "postgres", "-A", "trust", "-E", "UTF8"),
            *("--locale=C.UTF-8", "--no-sync"),
        )
        port = _find_free_port()
        with (data / "postgresql.conf").open("a") as settings:
            settings.write(_SETTINGS.format(port=port, folder=folder))
        _run(programs / "pg_ctl", "-D", data, "-l", folder / "log", "-w", "-s", "start")
        try:
            yield f"postgresql://postgres@127.0.0.1:{port}/postgres"
        finally:
            _run(programs / "pg_ctl", "-D", data, "-m", "immediate", "-w", "-s", "stop")
    finally:
        shutil.rmtree(folder)


def _find_programs() -> Path | None:
    in_path = shutil.which("initdb")
    if in_path:
        return Path(in_path).resolve().parent
    versions = [
        path for path in Path("/usr/lib/postgresql").glob("*/bin") if (path / "initdb").exists()
    ]
    return max(versions, key=lambda path: float(path.parent.name), default=None)


def _find_share(programs: Path) -> Path:
    config = programs / "pg_config"
    if not config.exists():  # on some systems a part of the development package
        return Path("/usr/share/postgresql") / programs.parent.name
    answer = subprocess.run([config, "--sharedir"], capture_output=True, text=True, check=True)
    return Path(answer.stdout.strip())


def _has_user(name: str) -> bool:
    return any(entry.pw_name == name for entry in pwd.getpwall())


def _find_free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _run(*command: str | Path) -> None:
    drop_root = ["setpriv", "--reuid=postgres", "--regid=postgres", "--init-groups"]
    prefix = drop_root if os.geteuid() == 0 else []
    subprocess.run([*prefix, *map(str, command)], check=True, cwd="/", stdout=subprocess.DEVNULL)
