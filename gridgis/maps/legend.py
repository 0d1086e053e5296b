"""Classes and colours of a choropleth: which values share a colour, and what the legend says of it.

Both ramps fall in luminance from class to class, so that they keep their order for colour-blind
readers and in a grey print.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil, isfinite

from gridgis.errors import InvalidInput

COVERAGE_COLOURS = ("#f1f4d3", "#bfe0bb", "#74bdb6", "#2f86a6", "#1f4a7f")
INCIDENT_COLOURS = ("#fdeaa8", "#fdcd7b", "#f4994f", "#d0553a", "#871b3f")
ZERO_COLOUR = "#fbfbf8"

_LIGHT_LINE = "#d5dbe1"
_DARK_LINE = "#5b6470"
_DARK_BELOW_LUMINANCE = 0.25
_SHARE_CLASSES = 5
_COUNT_CLASSES = 5


@dataclass(frozen=True, slots=True)
class LegendClass:
    """Values that share a colour: those above the class before, up to and including `upper`."""

    upper: float
    label: str
    colour: str


def classify_counts(values: Sequence[float | None]) -> tuple[LegendClass, ...]:
    """Make classes of about as many grids each from counts of 0, 1, 2, ...

    Grids without any incident are a class of their own; the others fall into at most five classes
    whose upper ends are the quintiles of the counts above 0, equal ends joined.

    Parameters
    ----------
    values
        One count a grid; None where there is none to show.

    Returns
    -------
    classes
        From low to high; empty when no grid has a value.

    Raises
    ------
    InvalidInput
        If a value is not a whole number of 0 or more.
    """
    known = sorted(value for value in values if value is not None)
    for value in known:
        if not (isfinite(value) and value >= 0 and value == int(value)):
            raise InvalidInput(f"{value} is not a count of incidents; give whole numbers from 0")
    positive = [int(value) for value in known if value > 0]
    uppers = sorted({positive[end - 1] for end in _quintile_ends(len(positive))})
    classes = [LegendClass(0.0, "0", ZERO_COLOUR)] if len(positive) < len(known) else []
    lower = 1
    for upper, colour in zip(uppers, _pick_colours(INCIDENT_COLOURS, len(uppers)), strict=True):
        label = f"{lower:,}" if lower == upper else f"{lower:,}–{upper:,}"
        classes.append(LegendClass(float(upper), label, colour))
        lower = upper + 1
    return tuple(classes)


def classify_shares(values: Sequence[float | None]) -> tuple[LegendClass, ...]:
    """Make five classes of 20 % each, the same on every map so that maps can be compared.

    Parameters
    ----------
    values
        One share a grid, 0 to 1; None where there is none to show.

    Returns
    -------
    classes
        From low to high: ``0–20%``, over 20 up to 40 %, and so on; empty when no grid has a value.

    Raises
    ------
    InvalidInput
        If a value is not between 0 and 1.
    """
    known = [value for value in values if value is not None]
    for value in known:
        if not 0.0 <= value <= 1.0:
            raise InvalidInput(f"{value} is not a share; give numbers from 0 to 1, such as 0.85")
    if not known:
        return ()
    step = 100 // _SHARE_CLASSES
    return tuple(
        LegendClass(
            (number + 1) / _SHARE_CLASSES, f"{number * step}–{(number + 1) * step}%", colour
        )
        for number, colour in enumerate(COVERAGE_COLOURS)
    )


def find_class(value: float | None, classes: Sequence[LegendClass]) -> int | None:
    """Find the position of the class that holds a value; None for None."""
    if value is None:
        return None
    return next(position for position, one in enumerate(classes) if value <= one.upper)


def pick_line(colour: str) -> str:
    """Pick the colour of a border so that it shows: light on a dark fill, dark on the others."""
    return _LIGHT_LINE if measure_luminance(colour) < _DARK_BELOW_LUMINANCE else _DARK_LINE


def measure_luminance(colour: str) -> float:
    """Measure the relative luminance, 0 to 1, of a colour written ``#rrggbb`` (WCAG 2.2)."""
    channels = (int(colour[start : start + 2], 16) / 255.0 for start in (1, 3, 5))
    red, green, blue = (
        channel / 12.92 if channel <= 0.04045 else ((channel + 0.055) / 1.055) ** 2.4
        for channel in channels
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _quintile_ends(size: int) -> list[int]:
    if not size:
        return []
    return [ceil(size * number / _COUNT_CLASSES) for number in range(1, _COUNT_CLASSES + 1)]


def _pick_colours(ramp: tuple[str, ...], number: int) -> list[str]:
    """Pick colours that stand as far apart on the ramp as it allows, the darkest always in."""
    if number < 2:
        return list(ramp[-1:] * number)
    last = len(ramp) - 1
    return [ramp[round(position * last / (number - 1))] for position in range(number)]
