"""`gridgis locate`."""

from typing import get_args

import click
import orjson

from gridgis.cli.common import AT, open_session
from gridgis.cli.terminal import printable
from gridgis.parse import parse_lat, parse_lon, parse_time
from gridgis.services.lookup import Answer, Question, look_up, position_in_wgs84
from gridgis.spatial.datum import Datum


@click.command("locate", context_settings={"ignore_unknown_options": True})
@click.argument("lon")
@click.argument("lat")
@click.option("--layer", "layers", multiple=True, metavar="L", help="All layers without it.")
@AT
@click.option("--known-at", metavar="T", help="Answer as it would have been given then.")
@click.option(
    "--datum", type=click.Choice(list(get_args(Datum))), default="wgs84", show_default=True
)
@click.option("--accuracy-m", type=click.FloatRange(0, 100_000), default=0.0)
@click.option("--json", "as_json", is_flag=True, help="The same JSON as the API.")
def locate_command(
    *,
    lon: str,
    lat: str,
    layers: tuple[str, ...],
    at: str | None,
    known_at: str | None,
    datum: Datum,
    accuracy_m: float,
    as_json: bool,
) -> None:
    """Say which grid LON LAT is in, and who is responsible for it."""
    degrees = parse_lon(lon), parse_lat(lat)
    with open_session() as session:
        question = Question(
            at=session.moment(at, "--at"),
            layers=layers or None,
            known_at=None if known_at is None else parse_time(known_at, session.zone, "--known-at"),
            accuracy_m=accuracy_m,
        )
        answer = look_up(session.load_snapshot(), *position_in_wgs84(*degrees, datum), question)
    if as_json:
        click.echo(orjson.dumps(answer))
        return
    for result in answer["results"]:
        click.echo("\n".join(printable(line) for line in _describe(result)))


def _describe(result: Answer) -> list[str]:
    if result["grid"] is None:
        nearest = result["nearest"]
        reason = result.get("reason") or (
            f"outside; the nearest grid is {nearest['name']} ({nearest['code']}), "
            f"{nearest['distance_m']:,.1f} m away"
        )
        return [f"{result['layer']}: {reason}"]
    chain = " < ".join(f"{part['name']} ({part['code']})" for part in result["chain"])
    lines = [f"{result['layer']}: {chain}"]
    for entry in result["responsible"]:
        phone = f", {entry['phone']}" if entry["phone"] else ""
        who = f"{entry['role']}: {entry['member']}{phone}" if entry["member"] else "nobody"
        reason = f" ({entry['reason']})" if entry["reason"] else ""
        lines.append(f"  {who}{reason}")
    border = result["border"]
    beyond = border["neighbour"] or "the outside"
    lines.append(f"  {result['certainty']}; {border['distance_m']:,.1f} m to {beyond}")
    return lines
