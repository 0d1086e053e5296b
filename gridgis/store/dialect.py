"""What SQLite and PostgreSQL say differently: lists of values, boxes, upserts and locks."""

import json
from collections.abc import Iterable
from typing import Any

from sqlalchemy import (
    ARRAY,
    Column,
    ColumnElement,
    Connection,
    Table,
    Text,
    and_,
    bindparam,
    func,
    literal,
    select,
    text,
)
from sqlalchemy import column as sql_column
from sqlalchemy import table as sql_table
from sqlalchemy.dialects import postgresql, sqlite

from gridgis.errors import InvalidInput
from gridgis.store.geometry import SRID

Bbox = tuple[float, float, float, float]
"""Smallest lon, smallest lat, largest lon, largest lat, in degrees; the border counts in."""


def is_any_of(tx: Connection, column: Column[Any], values: Iterable[str]) -> ColumnElement[bool]:
    """Ask whether `column` is one of `values`, however many: they are one parameter together."""
    distinct = sorted(set(values))
    if tx.dialect.name == "postgresql":
        return column == func.any(bindparam(None, distinct, type_=ARRAY(Text())))
    listed = func.json_each(json.dumps(distinct)).table_valued("value")
    return column.in_(select(listed.c.value))


def is_in_box(tx: Connection, table: Table, bbox: Bbox) -> ColumnElement[bool]:
    """Ask whether the position of a row of `table` lies in `bbox`, its border counted in.

    The spatial index finds candidates; both databases keep its boxes as 32-bit floats, rounded
    outward, so lon and lat decide.

    Raises
    ------
    InvalidInput
        If the box is turned around.
    """
    min_lon, min_lat, max_lon, max_lat = bbox
    if min_lon > max_lon or min_lat > max_lat:
        raise InvalidInput(
            f"bbox {min_lon},{min_lat},{max_lon},{max_lat} is turned around; "
            "give west, south, east, north in degrees"
        )
    if tx.dialect.name == "postgresql":
        envelope = func.ST_MakeEnvelope(min_lon, min_lat, max_lon, max_lat, SRID)
        is_candidate: ColumnElement[bool] = table.c.position.bool_op("&&")(envelope)
    else:
        box = sql_table(
            f"{table.name}_box",
            *(sql_column(name) for name in ("id", "min_lon", "max_lon", "min_lat", "max_lat")),
        )
        is_candidate = table.c.id.in_(
            select(box.c.id).where(
                box.c.max_lon >= min_lon,
                box.c.min_lon <= max_lon,
                box.c.max_lat >= min_lat,
                box.c.min_lat <= max_lat,
            )
        )
    return and_(
        is_candidate,
        table.c.lon.between(literal(min_lon), literal(max_lon)),
        table.c.lat.between(literal(min_lat), literal(max_lat)),
    )


def insert_unless_there(tx: Connection, table: Table) -> postgresql.Insert | sqlite.Insert:
    """Build an INSERT whose ``on_conflict_…`` clauses both databases understand."""
    if tx.dialect.name == "postgresql":
        return postgresql.insert(table)
    return sqlite.insert(table)


def lock(tx: Connection, matter: str) -> None:
    """Wait until no other transaction writes `matter`, and keep others waiting until this one ends.

    SQLite has one writer at a time, which `Store.writing` holds already.
    """
    if tx.dialect.name == "postgresql":
        tx.execute(
            text("SELECT pg_advisory_xact_lock(hashtextextended(:matter, 0))"),
            {"matter": f"gridgis {matter}"},
        )
