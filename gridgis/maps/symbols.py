"""Symbols of service points: a shape and a colour for each kind, told apart by either."""

from dataclasses import dataclass

_SHAPES = (
    "M10 3 17 7v6l-7 4-7-4V7Z",
    "M3.5 3.5h13v13h-13Z",
    "M10 2.5 17.5 16.5h-15Z",
    "M10 2 18 10 10 18 2 10Z",
    "M7.2 2.5h5.6v4.7h4.7v5.6h-4.7v4.7H7.2v-4.7H2.5V7.2h4.7Z",
    "M2.5 3.5h15L10 17.5Z",
    "M3 10a7 7 0 1 0 14 0 7 7 0 1 0-14 0Z",
    "M2.5 6h15v8h-15Z",
)
_COLOURS = (
    "#0b4fa0",
    "#b3260e",
    "#5d2f86",
    "#00624a",
    "#222831",
    "#7a4a00",
    "#a0175d",
    "#006078",
)


@dataclass(frozen=True, slots=True)
class Symbol:
    """An SVG path in a box of 20 by 20, and its colour."""

    path: str
    colour: str


def pick_symbol(position: int) -> Symbol:
    """Pick the symbol of the kind at a position; after the eighth, shapes and colours pair anew."""
    turn, place = divmod(position, len(_SHAPES))
    return Symbol(_SHAPES[place], _COLOURS[(place + turn) % len(_COLOURS)])
