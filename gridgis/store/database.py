"""The database of an installation: opened, brought to the present schema, read and written."""

import json
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from functools import partial
from pathlib import Path
from typing import Any, TypeAlias

from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, OperationalError

from gridgis.errors import ConfigError, Conflict
from gridgis.store import schema, sqlite_file

Transaction: TypeAlias = Connection
"""What `Store.reading` and `Store.writing` give and every function of the store takes."""

_CONNECT_TIMEOUT_S = 10
_EXAMPLES = "sqlite:///gridgis.db or postgresql+psycopg://user@host/name"


class Store:
    """The database named by `url`; no connection is made before it is used.

    Parameters
    ----------
    url
        ``sqlite:///file`` or ``postgresql://…``, ``postgresql+psycopg://…``.

    Raises
    ------
    ConfigError
        If the URL is not one of these, or the folder of the file does not exist.
    """

    def __init__(self, url: str) -> None:
        parsed = _parse_url(url)
        self.dialect: str = parsed.get_backend_name()
        self.name: str = parsed.render_as_string(hide_password=True)
        self._path: Path | None = None
        if self.dialect == "sqlite":
            self._path = Path(parsed.database or "").absolute()
            sqlite_file.require_place(self._path)
            self._reader, self._writer = _open_sqlite(self._path)
        else:
            self._reader, self._writer = _open_postgresql(parsed)

    def upgrade(self) -> list[str]:
        """Create the schema or bring it to the newest revision.

        Returns
        -------
        revisions
            The revisions applied, oldest first; empty when there was nothing to do.

        Raises
        ------
        ConfigError
            If the database cannot be opened, belongs to another program or to a newer gridgis, or
            lacks what gridgis needs (PostGIS, R*Tree, UTF-8, the right to create tables).
        """
        if self._path is not None:
            sqlite_file.create(self._path)
        with self.writing() as tx:
            return schema.upgrade(tx, self.name)

    def downgrade(self, revision: str = "base") -> None:
        """Take the schema back to `revision`; ``base`` drops every table with what it holds."""
        with self.writing() as tx:
            schema.downgrade(tx, revision)

    def require_current(self) -> None:
        """Raise ConfigError unless the schema is the one this program knows."""
        with self.reading() as tx:
            schema.require_current(tx, self.name)

    @contextmanager
    def reading(self) -> Iterator[Transaction]:
        """Open a transaction that sees one state of the database and can change nothing.

        Raises
        ------
        ConfigError
            If the database cannot be opened.
        """
        with self._connecting(self._reader) as connection, connection.begin():
            yield connection

    @contextmanager
    def writing(self) -> Iterator[Transaction]:
        """Open a transaction that is committed at the end, or undone whole on any exception.

        On SQLite writers queue for the database, in this process and in others; on PostgreSQL the
        functions of the store lock what they change.

        Raises
        ------
        ConfigError
            If the database cannot be opened or written.
        Conflict
            If another program keeps the SQLite file locked.
        """
        self._require_file()
        turn = sqlite_file.queue_for_writing(self._path) if self._path else nullcontext()
        with turn, self._connecting(self._writer) as connection:
            try:
                transaction = connection.begin()
            except OperationalError as error:
                if "locked" in str(error.orig):
                    raise Conflict(
                        f"another program keeps {self.name} locked; close it and try again"
                    ) from error
                raise self._cannot_open(error) from error
            with transaction:
                yield connection

    def close(self) -> None:
        """Close every connection; the store opens new ones if it is used again."""
        self._writer.dispose()

    @contextmanager
    def _connecting(self, engine: Engine) -> Iterator[Connection]:
        self._require_file()
        try:
            connection = engine.connect()
        except DBAPIError as error:
            raise self._cannot_open(error) from error
        with connection:
            yield connection

    def _require_file(self) -> None:
        # Said in words before SQLite says "unable to open database file".
        if self._path is not None and not self._path.exists():
            raise ConfigError(f"database {self.name} does not exist; run gridgis init")

    def _cannot_open(self, error: DBAPIError) -> ConfigError:
        reason = str(error.orig).strip().splitlines()[0].rstrip(".")
        return ConfigError(
            f"database {self.name} cannot be opened: {reason}; check GRIDGIS_DATABASE_URL"
        )


def _parse_url(text: str) -> URL:
    try:
        url = make_url(text)
    except (ArgumentError, ValueError) as error:
        # The text may hold a password, so it is not repeated.
        raise ConfigError(
            f"GRIDGIS_DATABASE_URL is not a database URL; write it like {_EXAMPLES}"
        ) from error
    if url.drivername in {"sqlite", "sqlite+pysqlite"}:
        if not url.database or url.database == ":memory:" or url.database.startswith("file:"):
            raise ConfigError(
                "GRIDGIS_DATABASE_URL names no file; write it like sqlite:///gridgis.db"
            )
        return url
    if url.drivername in {"postgresql", "postgresql+psycopg"}:
        return url.set(drivername="postgresql+psycopg")
    raise ConfigError(
        f"GRIDGIS_DATABASE_URL begins with {url.drivername!r}, which gridgis does not speak; "
        f"write it like {_EXAMPLES}"
    )


def _open_sqlite(path: Path) -> tuple[Engine, Engine]:
    engine = create_engine(
        f"sqlite:///{path}", creator=partial(sqlite_file.connect, path), json_serializer=_to_json
    )
    event.listen(engine, "begin", sqlite_file.begin)
    return (
        engine.execution_options(**sqlite_file.READ),
        engine.execution_options(**sqlite_file.WRITE),
    )


def _open_postgresql(url: URL) -> tuple[Engine, Engine]:
    engine = create_engine(
        url,
        pool_pre_ping=True,  # the first request after a restart of the server must not fail
        connect_args={"connect_timeout": _CONNECT_TIMEOUT_S, "client_encoding": "utf8"},
        json_serializer=_to_json,
    )
    reader = engine.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
    return reader, engine


def _to_json(value: Any) -> str:
    # NaN is no JSON: SQLite would keep it and PostgreSQL refuse it.
    return json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
