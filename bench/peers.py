"""What a user could pick instead of gridgis: each peer, set up as its own manual has it.

A peer is opened on the n polygons of a set, which is its build; it is given points, which are
brought to its own form outside the clock; and it is asked for the pairs of point and grid, which is
what the clock counts. Nothing is asked of it for points on borders: the smallest code is found by
gridgis alone. Every peer has one thread.
"""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from importlib import import_module
from typing import Any, NamedTuple

import numpy as np
import shapely

from bench.workloads import Floats, Polygons
from tests import postgis

Query = Callable[[], int]


class Opened(NamedTuple):
    """A peer on a set: `give` takes points, (n, 2) degrees, and returns what counts the pairs.

    `process` is the one that works, 0 for this one; `disk_bytes` is what lies in files.
    """

    give: Callable[[Floats], Query]
    process: int = 0
    disk_bytes: int = 0


class Peer(NamedTuple):
    """A peer by its name; `find_missing` says what this machine lacks for it, None if nothing.

    `share` is the share of the points that it is asked for, where a peer takes minutes for them
    all; it must not cost the peer speed.
    """

    name: str
    open: Callable[[Polygons], AbstractContextManager[Opened]]
    find_missing: Callable[[], str | None] = lambda: None
    share: float = 1.0


def _need(module: str) -> Callable[[], str | None]:
    def find_missing() -> str | None:
        try:
            import_module(module)
        except ImportError as error:
            return str(error)
        return None

    return find_missing


def _tree_of(polygons: Polygons) -> shapely.STRtree:
    tree = shapely.STRtree(polygons)
    tree.query(shapely.Point(0, 0))  # built by the first query
    return tree


@contextmanager
def _open_tree_of_grids(polygons: Polygons) -> Iterator[Opened]:
    tree = _tree_of(polygons)

    def give(points: Floats) -> Query:
        shapes = shapely.points(points)
        return lambda: len(tree.query(shapes, predicate="intersects")[0])

    yield Opened(give)


@contextmanager
def _open_tree_of_points(polygons: Polygons) -> Iterator[Opened]:
    def give(points: Floats) -> Query:
        shapes = shapely.points(points)
        return lambda: len(shapely.STRtree(shapes).query(polygons, predicate="intersects")[0])

    yield Opened(give)


@contextmanager
def _open_prepared_grids(polygons: Polygons) -> Iterator[Opened]:
    own = shapely.from_wkb(shapely.to_wkb(polygons))  # preparing changes them for every peer
    shapely.prepare(own)
    tree = _tree_of(own)

    def give(points: Floats) -> Query:
        shapes = shapely.points(points)

        def ask() -> int:
            of_point, of_grid = tree.query(shapes)
            lon, lat = points[of_point].T
            return int(shapely.intersects_xy(own[of_grid], lon, lat).sum())

        return ask

    yield Opened(give)


@contextmanager
def _open_geopandas(polygons: Polygons) -> Iterator[Opened]:
    import geopandas  # noqa: PLC0415

    grids = geopandas.GeoDataFrame(geometry=geopandas.array.GeometryArray(polygons))

    def give(points: Floats) -> Query:
        shapes = shapely.points(points)

        def ask() -> int:
            # a frame of its own, as new points have: an old one has kept its spatial index
            asked = geopandas.GeoDataFrame(geometry=geopandas.array.GeometryArray(shapes))
            return len(geopandas.sjoin(asked, grids, predicate="within"))

        return ask

    yield Opened(give)


@contextmanager
def _open_duckdb(polygons: Polygons) -> Iterator[Opened]:
    import duckdb  # noqa: PLC0415
    import duckdb_extensions  # noqa: PLC0415

    with duckdb.connect() as connection:
        duckdb_extensions.import_extension("spatial", con=connection)
        connection.execute("LOAD spatial; SET threads = 1")
        connection.register("wkb", _to_wkb_table(polygons))
        connection.execute(
            "CREATE TABLE grids AS SELECT id, ST_GeomFromWKB(shape) AS shape FROM wkb"
        )

        def give(points: Floats) -> Query:
            connection.register("degrees", _to_table(points))
            connection.execute(
                "CREATE OR REPLACE TABLE points AS SELECT ST_Point(lon, lat) AS shape FROM degrees"
            )
            return lambda: int(connection.execute(_JOIN).fetchall()[0][0])

        yield Opened(give)


@contextmanager
def _open_sedonadb(polygons: Polygons) -> Iterator[Opened]:
    import sedonadb  # noqa: PLC0415

    engine = sedonadb.connect()
    engine.sql("SET datafusion.execution.target_partitions = 1").execute()
    engine.create_data_frame(_to_wkb_table(polygons)).to_view("wkb", overwrite=True)
    grids = engine.sql("SELECT id, ST_GeomFromWKB(shape) AS shape FROM wkb").to_memtable()
    grids.to_view("grids", overwrite=True)

    def give(points: Floats) -> Query:
        engine.create_data_frame(_to_table(points)).to_view("degrees", overwrite=True)
        shapes = engine.sql("SELECT ST_Point(lon, lat) AS shape FROM degrees").to_memtable()
        shapes.to_view("points", overwrite=True)
        return lambda: int(engine.sql(_JOIN).to_pandas().iloc[0, 0])

    yield Opened(give)


@contextmanager
def _open_postgis(polygons: Polygons) -> Iterator[Opened]:
    import psycopg  # noqa: PLC0415

    with postgis.run_server() as url, psycopg.connect(url, autocommit=True) as connection:
        connection.execute("CREATE EXTENSION postgis")
        connection.execute("SET max_parallel_workers_per_gather = 0; SET jit = off")
        connection.execute("SET work_mem = '1GB'; SET maintenance_work_mem = '1GB'")
        _copy_shapes(connection, "grids", polygons)
        connection.execute("CREATE INDEX ON grids USING gist (shape)")
        connection.execute("VACUUM ANALYZE grids")
        size = connection.execute("SELECT pg_total_relation_size('grids')").fetchone()

        def give(points: Floats) -> Query:
            connection.execute("DROP TABLE IF EXISTS points")
            _copy_shapes(connection, "points", shapely.points(points))
            connection.execute("VACUUM ANALYZE points")
            return lambda: int((connection.execute(_JOIN).fetchone() or [0])[0])

        yield Opened(give, connection.info.backend_pid, int(size[0]) if size else 0)


_JOIN = """
    SELECT count(*), sum(grids.id)
    FROM points JOIN grids ON ST_Intersects(grids.shape, points.shape)
"""


def _copy_shapes(connection: Any, table: str, shapes: Any) -> None:
    connection.execute(f"CREATE UNLOGGED TABLE {table} (id integer, shape geometry)")
    with connection.cursor().copy(f"COPY {table} FROM STDIN") as copy:
        for row in enumerate(shapely.to_wkb(shapes, hex=True), start=1):
            copy.write_row(row)


def _to_table(points: Floats) -> Any:
    import pyarrow as pa  # noqa: PLC0415

    return pa.table({"lon": points[:, 0], "lat": points[:, 1]})


def _to_wkb_table(polygons: Polygons) -> Any:
    import pyarrow as pa  # noqa: PLC0415

    shapes = pa.array(shapely.to_wkb(polygons).tolist(), pa.binary())
    return pa.table({"id": np.arange(1, len(polygons) + 1), "shape": shapes})


PEERS = (
    Peer("shapely: STRtree of grids", _open_tree_of_grids),
    Peer("shapely: STRtree of points", _open_tree_of_points),
    Peer("shapely: STRtree, then prepared grids", _open_prepared_grids),
    Peer("geopandas.sjoin", _open_geopandas, _need("geopandas")),
    Peer("DuckDB spatial", _open_duckdb, _need("duckdb_extensions")),
    Peer("SedonaDB", _open_sedonadb, _need("sedonadb")),
    Peer("PostGIS", _open_postgis, postgis.find_missing_part, share=0.1),
)
