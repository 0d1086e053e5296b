"""`gridgis coverage` and `map`."""

from pathlib import Path

import click
import orjson

from gridgis.cli.common import AT, FILE, open_session, say, working
from gridgis.errors import InvalidInput
from gridgis.files.output import replacing
from gridgis.services.catalogue import open_edition
from gridgis.services.coverage import describe_coverage, measure_coverage
from gridgis.services.mapping import MapRequest, draw_map

_MINUTES = click.option("--minutes", type=click.IntRange(1, 60), default=15, show_default=True)
_KIND = click.option("--kind", metavar="K", help="Only service points of this kind.")
_LAYER = click.option("--layer", required=True, metavar="L")


@click.command("coverage")
@_LAYER
@_MINUTES
@_KIND
@AT
@click.option("--json", "as_json", is_flag=True, help="The same JSON as the API.")
def coverage_command(
    *, layer: str, minutes: int, kind: str | None, at: str | None, as_json: bool
) -> None:
    """Count the residents of each grid that have a service point within minutes' walk.

    Without a street graph a circle stands for the walk: straight distance times 1.5 at 5 km/h.
    """
    with open_session() as session:
        view = open_edition(session.load_snapshot(), layer, at=session.moment(at, "--at"))
        coverage = measure_coverage(session.store, view, minutes=minutes, kind=kind)
    answer = describe_coverage(coverage)
    if as_json:
        click.echo(orjson.dumps(answer))
        return
    click.echo("code,residents,covered,share")
    for row in answer["grids"]:
        share = "" if row["share"] is None else f"{row['share']:.4f}"
        click.echo(f"{row['code']},{row['residents']:.1f},{row['covered']:.1f},{share}")
    total = "nobody lives here" if answer["share"] is None else f"{answer['share']:.2%}"
    say(f"within {minutes} minutes (circle): {total} of {answer['residents']:,.0f} residents")


@click.command("map")
@_LAYER
@click.option(
    "--by", type=click.Choice(["incidents", "coverage"]), default="coverage", show_default=True
)
@_MINUTES
@_KIND
@click.option("--language", type=click.Choice(["zh-CN", "en"]), default="en", show_default=True)
@click.option("--title", metavar="TEXT")
@AT
@click.option("-o", "--output", required=True, type=FILE, metavar="OUT.html")
def map_command(
    *,
    layer: str,
    by: str,
    minutes: int,
    kind: str | None,
    language: str,
    title: str | None,
    at: str | None,
    output: Path,
) -> None:
    """Draw grids, service points with their circles, and incidents as one page without requests."""
    with open_session() as session, working(f"drawing {output.name}"):
        request = MapRequest(
            layer=layer,
            measure="incidents" if by == "incidents" else "coverage",
            minutes=minutes,
            kind=kind,
            language=language,
            title=title,
            at=session.moment(at, "--at"),
        )
        html = draw_map(session.store, session.load_snapshot(), request, now=session.now)
        try:
            with replacing(output) as temporary:
                temporary.write_text(html, encoding="utf-8")
        except OSError as error:
            raise InvalidInput(f"{output} cannot be written: {error.strerror}") from error
    say(f"{output}: {output.stat().st_size / 1e6:.1f} MB, works without a network")
