"""The folium part of a page: the map, its layers and their control, as HTML and as a script.

folium's own page is not used. Its head would load ten files from five hosts, and forbids zooming;
what it renders for the body and the script needs only Leaflet. folium's class-wide lists of links
are neither read nor changed.
"""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from typing import cast

import folium
from branca.element import Figure
from folium.map import CustomPane
from folium.plugins import FastMarkerCluster

MAX_ZOOM = 19
"""Closest zoom, about 0.3 m a pixel; clustering needs a limit when there is no basemap."""

_CLUSTER_PANE = "clusters"
"""Drawn over the service points, whose symbols would hide the numbers."""
_RANDOM_NAME = re.compile("_[0-9a-f]{32}")

LatLonBounds = tuple[tuple[float, float], tuple[float, float]]


@dataclass(frozen=True, slots=True)
class MapParts:
    """The element that holds the map, and the script that makes the map and hands it on."""

    html: str
    script: str


@dataclass(frozen=True, slots=True)
class LayerNames:
    """What the layer control calls each layer, as plain text; no areas, no layer for them."""

    grids: str
    areas: str | None
    kinds: Sequence[str]
    incidents: str


def draw_layers(
    *,
    bounds: LatLonBounds,
    names: LayerNames,
    incidents: Sequence[Sequence[float]],
    show_areas: bool,
    show_incidents: bool,
) -> MapParts:
    """Make the map with empty layers for grids, areas and points, and the clustered incidents.

    Parameters
    ----------
    bounds
        South-west and north-east corner, latitude first.
    names
        Names for the layer control; Leaflet reads them as HTML, so they are escaped here.
    incidents
        Rows of latitude, longitude and the number of the category.
    show_areas, show_incidents
        Whether these layers are switched on when the page opens.

    Returns
    -------
    parts
        The script ends with ``coverageMap.start(map, layers)``, which fills the layers.
    """
    (south, west), (north, east) = bounds
    city = folium.Map(
        location=[(south + north) / 2.0, (west + east) / 2.0],
        tiles=None,
        zoom_control=False,
        prefer_canvas=True,
        attributionControl=False,
        maxZoom=MAX_ZOOM,
        zoomSnap=0.25,
    )
    # before there is anything to draw, so that it is drawn once and nothing flies at the start
    city.fit_bounds([[south, west], [north, east]])
    CustomPane(_CLUSTER_PANE, z_index=610, pointer_events=True).add_to(city)
    labels = _make_labels([names.grids, names.areas or "", names.incidents, *names.kinds])
    grids = folium.FeatureGroup(name=labels[0]).add_to(city)
    areas = folium.FeatureGroup(
        name=labels[1], control=names.areas is not None, show=show_areas
    ).add_to(city)
    kinds = [folium.FeatureGroup(name=label).add_to(city) for label in labels[3:]]
    clusters = [_cluster(incidents, labels[2]).add_to(city)] if incidents else []
    control = folium.LayerControl().add_to(city)
    figure = cast("Figure", city.get_root())
    figure.render()
    layers = (
        f"grids: {grids.get_name()}, areas: {areas.get_name()}, "
        f"kinds: [{', '.join(kind.get_name() for kind in kinds)}], "
        f"incidents: {clusters[0].get_name() if clusters else 'null'}, "
        f"control: {control.get_name()}, "
        f"showIncidents: {str(show_incidents).lower()}"
    )
    start = f"coverageMap.start({city.get_name()}, {{{layers}}});"
    script = f"{figure.script.render()}\n{start}\n"
    return _with_stable_names(MapParts(figure.html.render(), script))


def _make_labels(names: Sequence[str]) -> list[str]:
    """Escape names, and number those that repeat: the control keeps one layer a label."""
    seen: Counter[str] = Counter()
    labels = []
    for name in names:
        seen[name] += 1
        labels.append(escape(name if seen[name] == 1 else f"{name} ({seen[name]})"))
    return labels


def _cluster(incidents: Sequence[Sequence[float]], label: str) -> FastMarkerCluster:
    return FastMarkerCluster(  # type: ignore[no-untyped-call]  # folium's signature has no types
        incidents,
        callback="coverageMap.makeIncident",
        icon_create_function="coverageMap.makeClusterIcon",
        name=label,
        showCoverageOnHover=False,
        maxClusterRadius=56,
        clusterPane=_CLUSTER_PANE,
    )


def _with_stable_names(parts: MapParts) -> MapParts:
    """Replace folium's random names by numbers, so that equal input gives an equal page."""
    numbers: dict[str, str] = {}

    def number(name: re.Match[str]) -> str:
        return numbers.setdefault(name[0], f"_{len(numbers)}")

    return MapParts(_RANDOM_NAME.sub(number, parts.html), _RANDOM_NAME.sub(number, parts.script))
