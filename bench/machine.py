"""Facts of the machine: what a figure was measured on, and what a process has used."""

import os
import platform
import time
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

_PACKAGES = (
    *("numpy", "numba", "shapely", "geopandas", "duckdb", "sedonadb"),
    *("fastapi", "starlette", "uvicorn", "httptools", "uvloop", "psycopg"),
)


def describe_machine() -> dict[str, str]:
    """Name the processor, its cores, the memory and the versions of what was measured."""
    # without sysfs and SMBIOS: a name of a host says nothing about speed
    cpu = _read_field("/proc/cpuinfo", "model name") or platform.processor()
    memory_kb = int((_read_field("/proc/meminfo", "MemTotal") or "0").split()[0])
    facts = {
        "processor": f"{cpu}, {os.cpu_count()} cores, {_name_vectors()}",
        "memory": f"{memory_kb / 1024**2:.0f} GiB",
        "system": f"{platform.system()} {platform.machine()}",
        "Python": platform.python_version(),
    }
    return facts | {name: found for name in _PACKAGES if (found := _find_version(name))}


def read_cpu_seconds(process: int = 0) -> float:
    """Read the CPU time of a process with all its threads; 0 for this one."""
    if process == 0:
        return time.process_time()
    fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def read_resident_bytes(process: int = 0) -> int:
    """Read the memory that a process holds, what it shares with others included."""
    pages = Path(f"/proc/{process or 'self'}/statm").read_text().split()[1]
    return int(pages) * os.sysconf("SC_PAGE_SIZE")


def _read_field(path: str, name: str) -> str | None:
    for line in Path(path).read_text().splitlines():
        field, _, value = line.partition(":")
        if field.strip() == name:
            return value.strip()
    return None


def _name_vectors() -> str:
    flags = (_read_field("/proc/cpuinfo", "flags") or "").split()
    named = {"avx512f": "AVX-512", "avx2": "AVX2"}
    return next((name for flag, name in named.items() if flag in flags), "no AVX2")


def _find_version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None
