import inspect
import subprocess
import sys
from importlib.resources import files

import numba
import numpy as np
import pytest
import shapely
from numba.core.caching import NullCache

from gridgis.spatial.index import GridIndex, border, compile, draw, pairs, query, warm_up

KERNELS = [
    border.border_at,
    border.border_many,
    draw.draw,
    pairs.pair_edges,
    query.locate_at,
    query.locate_many,
]


@pytest.mark.parametrize("kernel", KERNELS, ids=lambda kernel: kernel.__name__)
def test_every_kernel_is_kept_under_a_digest_of_all_kernel_sources(kernel):
    assert inspect.signature(kernel.py_func).parameters["sources"].default == compile.SOURCES


def test_no_kernel_is_missing_here():
    kept = {
        function
        for module in (border, draw, pairs, query)
        for function in vars(module).values()
        if hasattr(function, "py_func") and type(function._cache) is not NullCache
    }
    assert kept == set(KERNELS)


def test_the_digest_covers_every_file_that_compiles_something():
    folder = files("gridgis.spatial.index")
    compiling = {path.name for path in folder.iterdir() if "index.compile import" in _read(path)}
    assert compiling | {"compile.py", "layout.py"} == set(compile._KERNEL_FILES)


def _read(path):
    return path.read_text() if path.name.endswith(".py") else ""


def test_a_kernel_is_compiled_even_where_no_folder_can_be_written(monkeypatch):
    monkeypatch.setattr(numba.config, "CACHE_DIR", "/dev/null/nowhere")
    monkeypatch.setattr(numba.config, "CACHE_LOCATOR_CLASSES", "UserProvidedCacheLocator")

    def add(one, other):
        return one + other

    assert compile.kernel(add)(2, 3) == 5


def test_warm_up_leaves_nothing_to_compile():
    warm_up()
    before = [list(kernel.signatures) for kernel in KERNELS]
    index = GridIndex.build(["b", "a"], [shapely.box(0, 0, 1, 1), shapely.box(1, 0, 2, 1)])
    index.locate(1, 2)
    index.locate_many(np.arange(3), [0.0, 0.5, 2.0], threads=2)
    index.border(np.float64(0.5), 0)
    index.border_many([1], [2], max_m=5)
    assert [kernel.signatures for kernel in KERNELS] == before


def test_importing_the_index_does_not_import_numba():
    program = "import sys, gridgis.spatial.index; sys.exit('numba' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0
