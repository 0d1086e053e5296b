"""GridIndex: which grid is this point in, and how far is its border."""

import math
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from gridgis.errors import InvalidInput
from gridgis.spatial.index import archive

_POINTS_PER_TASK = 1 << 17

Int32Array = NDArray[np.int32]
FloatArray = NDArray[np.float64]


class Border(NamedTuple):
    """What lies at the nearest border of a point.

    `grid` is the number of the point's own grid, -1 outside. `distance_m` is inf, and `neighbour`
    -1, where no border is within reach. `neighbour` is the number of the grid beyond the border, -1
    for the outside; of equally near ones the smallest.
    """

    grid: int
    distance_m: float
    neighbour: int


class GridIndex:
    """An immutable index of n grids; a grid's number is the position of its code in `codes`.

    Positions are lon/lat degrees, taken to the nearest lattice point (1e-9 degree). A point on a
    border belongs to the grid with the smallest number, which is that with the smallest code.
    180° and -180° are different meridians here: a grid on both sides is a MultiPolygon cut there.

    Make one with `build` or `open`. Threads may share it, and processes the file of an opened one.
    """

    codes: tuple[str, ...]
    digest: str

    def __init__(self, array: Int32Array, codes: tuple[str, ...], digest: str) -> None:
        # numba takes 0.3 s to import; commands that build no index need not wait for it
        from gridgis.spatial.index.border import border_at, border_many  # noqa: PLC0415
        from gridgis.spatial.index.query import locate_at, locate_many  # noqa: PLC0415

        self.codes = codes
        self.digest = digest
        self._array = array
        self._address = array.ctypes.data
        self._locate_at, self._locate_many = locate_at, locate_many
        self._border_at, self._border_many = border_at, border_many

    def __len__(self) -> int:
        return len(self.codes)

    def __reduce__(self) -> tuple[Any, ...]:
        return GridIndex, (self._array, self.codes, self.digest)

    @classmethod
    def build(cls, codes: Sequence[str], polygons: Sequence[Any]) -> "GridIndex":
        """Build the index of a set of grids, in any order, and prove that no two overlap.

        Gaps, holes, exclaves and T-junctions are allowed. `border` names the right neighbour only
        where the borders of neighbours match vertex by vertex.

        Parameters
        ----------
        codes
            n different codes.
        polygons
            n lon/lat Polygons or MultiPolygons; vertices are rounded to the lattice.

        Raises
        ------
        InvalidInput
            If there are no grids, or a code occurs twice.
        GeometryError
            If a polygon is empty, invalid on the lattice, or beyond ±180, ±90; or if two overlap,
            by however little: the proof is exact.
        """
        from gridgis.spatial.index.build import build_array  # noqa: PLC0415

        if len(codes) != len(polygons):
            raise InvalidInput(f"{len(codes)} codes do not fit {len(polygons)} polygons")
        if len(codes) == 0:
            raise InvalidInput("there are no grids to index; import some first")
        order = sorted(range(len(codes)), key=lambda i: codes[i])
        ascending = tuple(codes[i] for i in order)
        for code, following in pairwise(ascending):
            if code == following:
                raise InvalidInput(f"grid code {code!r} occurs more than once; make it unique")
        array, digest = build_array(ascending, [polygons[i] for i in order])
        array.flags.writeable = False  # as that of an opened file is
        return cls(array, ascending, digest)

    def locate(self, lon: float, lat: float) -> int:
        """Find the number of the grid of one point; -1 outside, also for NaN and inf."""
        number: int = self._locate_at(self._address, float(lon), float(lat))
        return number

    def locate_many(self, lon: ArrayLike, lat: ArrayLike, *, threads: int = 1) -> Int32Array:
        """Find the numbers of the grids of n points, (n,), with the same answers as `locate`."""
        lon, lat = _to_columns(lon, lat)
        found = np.empty(len(lon), np.int32)
        if threads == 1 or len(lon) <= _POINTS_PER_TASK:
            self._locate_many(self._address, lon, lat, found)
            return found

        def locate_slice(first: int) -> None:
            some = slice(first, first + _POINTS_PER_TASK)
            self._locate_many(self._address, lon[some], lat[some], found[some])

        with ThreadPoolExecutor(threads) as pool:
            list(pool.map(locate_slice, range(0, len(lon), _POINTS_PER_TASK)))
        return found

    def border(self, lon: float, lat: float, *, max_m: float = math.inf) -> Border:
        """Measure the distance from one point to the nearest border of its grid.

        From outside all grids it is the nearest border of any. The distance is geodesic, on WGS84,
        to the border as a straight line in longitude and latitude. Up to 75° of latitude it is
        exact to 1 mm within 500 m, to 1e-5 of itself within 5 km, and to 1e-4 within 50 km; up to
        89°, to 1 cm within 500 m. On a border it is 0.
        """
        return Border(*self._border_at(self._address, float(lon), float(lat), float(max_m)))

    def border_many(
        self, lon: ArrayLike, lat: ArrayLike, *, max_m: float = math.inf
    ) -> tuple[Int32Array, FloatArray, Int32Array]:
        """Measure n points as `border` does: grid (n,), distance in metres (n,), neighbour (n,)."""
        lon, lat = _to_columns(lon, lat)
        found = np.empty(len(lon), np.int32)
        distance_m = np.empty(len(lon), np.float64)
        neighbour = np.empty(len(lon), np.int32)
        results = (found, distance_m, neighbour)
        self._border_many(self._address, (lon, lat), float(max_m), results)
        return results

    def save(self, folder: Path) -> Path:
        """Write the index into `folder` under a name with its digest, whole or not at all.

        A file of that name is replaced; processes that opened it keep the one they have.
        """
        return archive.write_index(folder, self._array, self.codes, self.digest)

    @classmethod
    def open(cls, path: Path) -> "GridIndex":
        """Open a saved index by mmap; processes that open it share its memory.

        Raises
        ------
        InvalidInput
            If the file is missing, damaged, cut short, or not an index of this version.
        """
        return cls(*archive.read_index(path))


def _to_columns(lon: ArrayLike, lat: ArrayLike) -> tuple[FloatArray, FloatArray]:
    lon = np.ascontiguousarray(lon, np.float64)
    lat = np.ascontiguousarray(lat, np.float64)
    if lon.ndim != 1 or lon.shape != lat.shape:
        raise InvalidInput(
            f"lon of shape {lon.shape} and lat of shape {lat.shape} are not two columns"
        )
    return lon, lat


def warm_up() -> None:
    """Compile every kernel, or load it from disk, so that no later call waits for it."""
    import shapely  # noqa: PLC0415

    index = GridIndex.build(["a"], [shapely.box(0, 0, 1, 1)])
    index.locate(0.5, 0.5)
    index.locate_many([0.5], [0.5])
    index.border(0.5, 0.5)
    index.border_many([0.5], [0.5])
