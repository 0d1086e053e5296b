import re

from gridgis.maps.layers import LayerNames, draw_layers

BOUNDS = ((37.85, 112.50), (37.87, 112.52))


def draw(kinds=(), incidents=(), areas="Areas"):
    names = LayerNames(grids="Grids", areas=areas, kinds=kinds, incidents="Incidents")
    return draw_layers(
        bounds=BOUNDS, names=names, incidents=incidents, show_areas=True, show_incidents=False
    )


def labels_of(parts):
    overlays = parts.script.split("overlays :  {")[1].split("}")[0]
    return re.findall(r'"(.*)" : feature_group_\d+|"(.*)" : fast_marker_cluster_\d+', overlays)


def test_map_starts_on_the_grids_without_a_basemap():
    parts = draw()
    assert "[[37.85, 112.5], [37.87, 112.52]]" in parts.script
    assert "tileLayer" not in parts.script
    assert parts.html.count("<div") == 1


def test_script_hands_every_layer_on():
    script = draw(kinds=["Stations", "Libraries"], incidents=[[37.86, 112.51, 0]]).script
    last = script.strip().splitlines()[-1]
    assert re.fullmatch(
        r"coverageMap.start\(map_\d+, \{grids: feature_group_\d+, areas: feature_group_\d+, "
        r"kinds: \[feature_group_\d+, feature_group_\d+\], incidents: fast_marker_cluster_\d+, "
        r"control: layer_control_\d+, showIncidents: false\}\);",
        last,
    )


def test_no_incidents_no_cluster_and_no_areas_no_entry():
    parts = draw(areas=None)
    assert "markerClusterGroup" not in parts.script
    assert labels_of(parts) == [("Grids", "")]


def test_kinds_of_one_name_are_told_apart():
    labels = [label for label, _ in labels_of(draw(kinds=["Grids", "Library", "Library"]))]
    assert labels == ["Grids", "Areas", "Grids (2)", "Library", "Library (2)"]


def test_name_of_a_layer_is_escaped_for_html():
    # folium writes & of the HTML escape as \u0026 into the script
    assert r"\u0026lt;b\u0026gt;" in draw(kinds=["<b>"]).script
