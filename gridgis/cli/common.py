"""What commands share: options, the opened store, progress, and files named in refusals."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar
from zoneinfo import ZoneInfo

import click

from gridgis.cli.terminal import printable
from gridgis.errors import FaultsFound, GridgisError
from gridgis.parse import parse_time, parse_zone
from gridgis.services.editions import EditionViews
from gridgis.services.snapshot import Snapshot, load_snapshot
from gridgis.settings import Settings, load_settings
from gridgis.store.database import Store

if TYPE_CHECKING:
    from gridgis.services.importing import Actor

ACTOR = "command line"

_Command = TypeVar("_Command", bound=Callable[..., Any])


@dataclass(frozen=True)
class Session:
    """The opened database of one command, and its present time."""

    settings: Settings
    store: Store
    views: EditionViews
    zone: ZoneInfo
    now: datetime

    def load_snapshot(self) -> Snapshot:
        """Read the present state."""
        return load_snapshot(self.store, self.views, now=self.now)

    @property
    def actor(self) -> "Actor":
        """Who changes things from here."""
        # reading tables takes half a second to import; `locate` has no use for it
        from gridgis.services.importing import Actor  # noqa: PLC0415

        return Actor(ACTOR, self.now, self.zone)

    def moment(self, text: str | None, what: str) -> datetime:
        """Read a time or a date; the present without one."""
        return self.now if text is None else parse_time(text, self.zone, what)


@contextmanager
def open_session() -> Iterator[Session]:
    """Open the database of the settings; it must be there and current."""
    settings = load_settings()
    zone = parse_zone(settings.timezone)
    store = Store(settings.database_url)
    try:
        store.require_current()
        views = EditionViews(store, settings.cache_dir)
        yield Session(settings, store, views, zone, datetime.now(UTC))
    finally:
        store.close()


@contextmanager
def naming(path: Path) -> Iterator[None]:
    """Put the name of a file before a refusal that does not name it."""
    try:
        yield
    except GridgisError as error:
        message = str(error)
        if path.name in message:
            raise
        named = f"{path.name}: {message}"
        if isinstance(error, FaultsFound):
            raise FaultsFound(named, error.faults) from error
        raise type(error)(named) from error


def say(message: str) -> None:
    """Say something to the user, beside the results."""
    click.echo(printable(message), err=True)


def say_all(notes: Any, *, most: int = 20) -> None:
    """Say several things, the first of them at least."""
    said = list(notes)
    for note in said[:most]:
        say(f"note: {note}")
    if len(said) > most:
        say(f"note: … and {len(said) - most} more")


@contextmanager
def working(label: str) -> Iterator[Callable[[str], None]]:
    """Show on a terminal that something is going on; gives a function that tells each step."""
    with click.progressbar(
        length=1, label=label, file=sys.stderr, hidden=not sys.stderr.isatty(), show_eta=False
    ) as bar:
        yield lambda step: _show_step(bar, step)
        bar.update(1)


def _show_step(bar: Any, step: str) -> None:
    bar.label = step
    bar.render_progress()


FILE = click.Path(exists=False, dir_okay=True, path_type=Path)

COMMIT = click.option("--commit", is_flag=True, help="Do it; without this it is only shown.")
AT = click.option("--at", metavar="T", help="RFC 3339 time or a date; now without it.")


def reading_options(command: _Command) -> _Command:
    """Give a command the options that every reader of files has."""
    for option in reversed(
        [
            click.option("--crs", metavar="EPSG:n", help="CRS of a file that does not say it."),
            click.option(
                "--datum",
                type=click.Choice(["wgs84", "gcj02", "bd09"]),
                help="Datum of degrees; gcj02 and bd09 are brought to WGS84.",
            ),
            click.option("--encoding", metavar="E", help="Encoding of the text, such as GBK."),
            click.option("--layer-name", metavar="L", help="Which layer of a file with several."),
        ]
    ):
        command = option(command)
    return command
