"""The choice of one layer where a file holds several."""

from collections.abc import Sequence

from gridgis.errors import InvalidInput

_SHOWN = 20


def choose_layer(names: Sequence[str], layer_name: str | None, name: str) -> str:
    """Return the layer to read.

    Raises
    ------
    InvalidInput
        If there is none, none of that name, or several and none is named; lists them.
    """
    if not names:
        raise InvalidInput(f"{name} has no layer with geometry")
    if layer_name is None:
        if len(names) > 1:
            raise InvalidInput(
                f"{name} has {len(names)} layers ({_listed(names)}); pass --layer-name"
            )
        return names[0]
    if layer_name not in names:
        raise InvalidInput(f"{name} has no layer {layer_name!r}; it has {_listed(names)}")
    return layer_name


def refuse_layer_name(layer_name: str | None, kind: str, name: str) -> None:
    """Refuse a layer name for a kind of file that has one layer without a name.

    Raises
    ------
    InvalidInput
        If one is given.
    """
    if layer_name is not None:
        raise InvalidInput(f"{name} is a {kind}, which has one layer; leave out --layer-name")


def _listed(names: Sequence[str]) -> str:
    shown = ", ".join(names[:_SHOWN])
    return f"{shown}, ..." if len(names) > _SHOWN else shown
