"""What the public may see: every field that HTTP gives to anybody, by the thing it describes.

One list, so that a column that is added to a table or a member's record is not shown by accident. A
test walks the answers of every public route and fails on a field that is not here. Duty telephones
are public; private ones, home addresses and e-mail never come into the database.
"""

from collections.abc import Mapping

_POINT = frozenset({"code", "kind", "name", "lon", "lat", "address", "phone", "hours", "services"})

PUBLIC_FIELDS: Mapping[str, frozenset[str]] = {
    "grid name": frozenset({"level", "code", "name"}),
    "grid": frozenset(
        {"layer", "edition", "grid", "chain", "children", "area_m2", "bbox", "responsible"}
    ),
    "grid feature": frozenset({"code", "name", "level", "parent", "area_m2"}),
    "responsible": frozenset(
        {
            "role",
            "member",
            "phone",
            "grid",
            "acting_for",
            "reason",
            "reason_code",
            "vacant",
        }
    ),
    "vacant": frozenset({"role", "level", "grid"}),
    "border": frozenset({"distance_m", "neighbour"}),
    "nearest grid": frozenset({"code", "name", "distance_m"}),
    "lookup": frozenset({"lon", "lat", "at", "results"}),
    "lookup result": frozenset(
        {
            "layer",
            "edition",
            "grid",
            "chain",
            "responsible",
            "border",
            "certainty",
            "nearest",
            "reason",
        }
    ),
    "layer": frozenset({"code", "name", "levels", "edition", "bbox"}),
    "level": frozenset({"rank", "code", "name"}),
    "edition": frozenset(
        {
            "number",
            "valid_from",
            "valid_to",
            "recorded_at",
            "grid_count",
            "area_m2",
            "digest",
            "source",
        }
    ),
    "source": frozenset({"title", "authority", "url", "licence", "date", "crs", "datum"}),
    "service point": _POINT,
    "near service point": _POINT | {"distance_m", "minutes", "method", "within"},
    "service area": frozenset({"minutes", "mode", "method", "status"}),
    "coverage": frozenset(
        {
            "layer",
            "edition",
            "minutes",
            "mode",
            "kind",
            "method",
            "residents",
            "covered",
            "share",
            "grids",
        }
    ),
    "grid coverage": frozenset({"code", "residents", "covered", "share"}),
    "incident": frozenset({"code", "category", "occurred_at", "lon", "lat", "source", "grids"}),
}
