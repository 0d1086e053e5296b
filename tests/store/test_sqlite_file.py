"""The SQLite file: where it may lie, and who may write to it."""

import os

import pytest

from gridgis.errors import ConfigError
from gridgis.store import sqlite_file

MOUNTS = """\
22 1 254:1 / / rw,relatime shared:1 - ext4 /dev/vda1 rw
98 22 0:51 / /srv/share rw,relatime shared:50 - nfs4 server:/share rw,vers=4.2
"""


@pytest.mark.parametrize(
    ("device", "kind"),
    [
        pytest.param(os.makedev(254, 1), "ext4", id="a local disk"),
        pytest.param(os.makedev(0, 51), "nfs4", id="a network share"),
        pytest.param(os.makedev(8, 1), None, id="a device that is not listed"),
    ],
)
def test_the_file_system_of_a_device_is_found(device, kind):
    assert sqlite_file.find_file_system(MOUNTS, device) == kind


def test_a_network_file_system_is_refused(tmp_path, monkeypatch):
    device = tmp_path.stat().st_dev
    mounts = tmp_path / "mounts"
    mounts.write_text(f"1 1 {os.major(device)}:{os.minor(device)} / / rw - cifs //server/share rw")
    monkeypatch.setattr(sqlite_file, "_MOUNTS", mounts)
    with pytest.raises(ConfigError, match="lies on cifs, a network file system"):
        sqlite_file.create(tmp_path / "gridgis.db")
    assert not (tmp_path / "gridgis.db").exists()


def test_a_folder_that_cannot_be_written_is_named(tmp_path):
    # A folder in the place of the lock file stops root, too.
    (tmp_path / "gridgis.db.lock").mkdir()
    with pytest.raises(ConfigError, match="of the database cannot be written: Is a directory"):
        sqlite_file.create(tmp_path / "gridgis.db")


def test_writers_of_one_process_take_turns(tmp_path):
    path = tmp_path / "gridgis.db"
    fcntl = pytest.importorskip("fcntl")

    def take_turn_at_once():
        with (tmp_path / "gridgis.db.lock").open() as lock_file:
            fcntl.flock(lock_file, fcntl.LOCK_EX | fcntl.LOCK_NB)

    with sqlite_file.queue_for_writing(path), pytest.raises(BlockingIOError):
        take_turn_at_once()
    take_turn_at_once()
