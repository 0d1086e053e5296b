"""`gridgis init`, `serve` and `demo`."""

import os
import socket
from datetime import UTC, datetime
from importlib.util import find_spec
from typing import Any

import click

from gridgis.cli.common import ACTOR, say
from gridgis.errors import ConfigError
from gridgis.parse import parse_zone
from gridgis.services.city import find_city, load_city
from gridgis.services.editions import EditionViews
from gridgis.settings import Settings, load_settings
from gridgis.spatial.index import warm_up
from gridgis.store.database import Store

_HOST = click.option("--host", default="127.0.0.1", show_default=True, help="Address to serve on.")
_PORT = click.option("--port", default=8000, show_default=True, type=click.IntRange(1, 65535))


@click.command("init")
def init_command() -> None:
    """Create or upgrade the database, and compile the lookup ahead."""
    settings = load_settings()
    store = Store(settings.database_url)
    try:
        applied = store.upgrade()
    finally:
        store.close()
    warm_up()
    what = f"{len(applied)} migrations applied" if applied else "already current"
    click.echo(f"database ready ({store.dialect}): {what}")


@click.command("serve")
@_HOST
@_PORT
@click.option("--workers", default=1, show_default=True, type=click.IntRange(1, 64))
@click.option(
    "--root-path", default="", metavar="/P", help="Prefix that a proxy before it cuts off."
)
@click.option("--log-requests", is_flag=True, help="Write a line for each request to stderr.")
def serve_command(
    *, host: str, port: int, workers: int, root_path: str, log_requests: bool
) -> None:
    """Serve pages and API until interrupted."""
    settings = load_settings()
    parse_zone(settings.timezone)
    store = Store(settings.database_url)
    try:
        store.require_current()
    finally:
        store.close()
    _require_free(host, port)
    _serve(host, port, workers, root_path=root_path, log_requests=log_requests)


@click.command("demo")
@click.option("--city", default="dc", show_default=True, help="A city of data/boundaries.")
@_HOST
@_PORT
@click.option("--workers", default=1, show_default=True, type=click.IntRange(1, 64))
@click.option("--no-serve", is_flag=True, help="Load it and stop.")
def demo_command(city: str, host: str, port: int, workers: int, *, no_serve: bool) -> None:
    """Load a sample city into the database, as far as it is not there, and serve it."""
    settings = load_settings()
    parse_zone(settings.timezone)
    found = find_city(city)
    if not no_serve:
        _require_free(host, port)
    store = Store(settings.database_url)
    try:
        store.upgrade()
        warm_up()
        views = EditionViews(store, settings.cache_dir)
        load_city(store, views, found, now=datetime.now(UTC), actor=ACTOR, tell=say)
    finally:
        store.close()
    say(f"{found.title} is loaded into {_shown(settings)}")
    if settings.timezone != found.zone.key:
        say(f"its dates are those of {found.zone.key}; set GRIDGIS_TIMEZONE to it to say dates so")
        os.environ.setdefault("GRIDGIS_TIMEZONE", found.zone.key)
    if not no_serve:
        say(f"open http://{host}:{port} — Ctrl+C ends it")
        _serve(host, port, workers)


def _shown(settings: Settings) -> str:
    """Return the database address without what may be a password."""
    scheme, _, rest = settings.database_url.partition("://")
    return f"{scheme}://{rest.rpartition('@')[2]}"


def _require_free(host: str, port: int) -> None:
    """Say in words, before anything is loaded, that the address cannot be served on."""
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM
        )[0]
        with socket.socket(family, kind, protocol) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address)
    except OSError as error:
        raise ConfigError(
            f"port {port} of {host} cannot be served on: {error.strerror}; "
            "choose another --port or --host"
        ) from error


def _serve(
    host: str, port: int, workers: int, *, root_path: str = "", log_requests: bool = False
) -> None:
    import uvicorn  # noqa: PLC0415 - only commands that serve wait for it

    package = "gridgis_api" if find_spec("gridgis_api") else "api"
    uvicorn.run(
        f"{package}.app:from_environment",
        factory=True,
        host=host,
        port=port,
        workers=workers,
        root_path=root_path,
        log_level="warning",
        access_log=False,
        log_config=_make_log_config(log_requests=log_requests),
        server_header=False,
        timeout_graceful_shutdown=10,
    )


def _make_log_config(*, log_requests: bool) -> dict[str, Any]:
    """Warnings of everything and, where asked for, a line for each request, to stderr."""
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {"line": {"format": "%(asctime)s %(levelname)s %(name)s: %(message)s"}},
        "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line"}},
        "root": {"handlers": ["stderr"], "level": "WARNING"},
        "loggers": {"gridgis.requests": {"level": "INFO" if log_requests else "WARNING"}},
    }
