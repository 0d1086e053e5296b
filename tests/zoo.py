"""Named tiny layers, each drawn beside it; one square is 0.001 degree wide unless said otherwise.

Near 0° N 0° E that is 111.319 m from west to east and 110.574 m from south to north, 12,309.1 m².
Every layer is a dictionary of polygons by code; every vertex lies on the lattice.
"""

import shapely

from tests.tilings import on_lattice

SIDE = 0.001
SQUARE_M2 = 111.319_490_8 * 110.574_275_8
"""Radius of the equator, and radius of the meridian there (6,335,439.3 m), times 0.001 degree."""

MILLIMETRE = 9e-9
"""A millimetre on the equator or along a meridian, in degrees; to a hundredth."""


def polygon(*corners, holes=()):
    """Make a polygon of corners in squares, (column, row) from the south-west."""
    scaled = [[(x * SIDE, y * SIDE) for x, y in ring] for ring in (corners, *holes)]
    return on_lattice(shapely.Polygon(scaled[0], scaled[1:]))


def square(column, row, *, columns=1, rows=1):
    """Make a rectangle of whole squares with its south-west corner at (column, row)."""
    right, top = column + columns, row + rows
    return polygon((column, row), (right, row), (right, top), (column, top))


#   C D        four grids that meet in one corner
#   A B
TWO_BY_TWO = {"A": square(0, 0), "B": square(1, 0), "C": square(0, 1), "D": square(1, 1)}
FOUR_CORNERS = shapely.Point(SIDE, SIDE)
TWO_BY_TWO_OUTLINE = polygon((0, 0), (1, 0), (2, 0), (2, 1), (2, 2), (1, 2), (0, 2), (0, 1))

#   G H I
#   D   F      the grid E in the middle was deleted
#   A B C
DELETED_GRID = {code: square(n % 3, n // 3) for n, code in enumerate("ABCDEFGHI") if code != "E"}

#   A A A
#   A   A      one grid around a place that is no grid's
#   A A A
_RING = ((0, 0), (3, 0), (3, 3), (0, 3))
_MIDDLE = ((1, 1), (2, 1), (2, 2), (1, 2))
WITH_HOLE = {"A": polygon(*_RING, holes=[_MIDDLE])}

#   A A A
#   A B A      one grid around another
#   A A A
DONUT = {"A": polygon(*_RING, holes=[_MIDDLE]), "B": square(1, 1)}

#   B C        A has no vertex where B and C meet
#   A A
T_JUNCTION = {"A": square(0, 0, columns=2), "B": square(0, 1), "C": square(1, 1)}

#   A A B B
#   A A)B B    the border of A bends 0.3 m to the west, that of B is straight: no grid has the lens
#   A A B B    between them, a triangle of 110.574 m by 0.3 m
LENS_M2 = 110.574_275_8 * 0.3 / 2
LENS = {
    "A": polygon((0, 0), (1, 0), (1 - 0.3 / 111.319_490_8, 0.5), (1, 1), (0, 1)),
    "B": polygon((1, 0), (2, 0), (2, 1), (1, 1)),
}

# the same with 2 cm
SLIVER = {
    "A": polygon((0, 0), (1, 0), (1 - 0.02 / 111.319_490_8, 0.5), (1, 1), (0, 1)),
    "B": polygon((1, 0), (2, 0), (2, 1), (1, 1)),
}

#   C D        the corner of D in the middle lies 2 mm too far north-east: 13 lattice steps each way
#   A B        of 0.111 mm
SHIFTED_VERTEX = {
    **TWO_BY_TWO,
    "D": polygon((1 + 13e-6, 1 + 13e-6), (2, 1), (2, 2), (1, 2)),
}

#   A A│B B
#   A A│B B    A and B meet in the south and are 2 mm apart at the outline in the north: a wedge
#   A A╵B B    that is open to the outside
WEDGE = {
    "A": polygon((0, 0), (1, 0), (1, 1), (0, 1)),
    "B": polygon((1, 0), (2, 0), (2, 1), (1 + 18e-6, 1)),
}
WEDGE_M2 = 110.574_275_8 * 0.002 / 2

#   A AXB B    A and B both have the strip X, a tenth of a square
OVERLAP = {
    "A": polygon((0, 0), (1.1, 0), (1.1, 1), (0, 1)),
    "B": polygon((1, 0), (2, 0), (2, 1), (1, 1)),
}

#       A
#   A B A      A has two parts
MULTIPART = {
    "A": shapely.MultiPolygon([square(0, 0), polygon((2, 0), (3, 0), (3, 2), (2, 2), (2, 1))]),
    "B": square(1, 0),
}

#   ╲ ╱        a border that crosses itself in the middle of the square; not a grid
#   ╱ ╲
BOW_TIE = shapely.Polygon([(0, 0), (SIDE, SIDE), (SIDE, 0), (0, SIDE)])

#   A A A B B  A has a bay of its own, 0.3 m wide, open to the north; a bay is not a slit
#   A A'A B B
OWN_BAY = {
    "A": polygon((0, 0), (1, 0), (1, 1), (0.5 + 0.0027, 1), (0.5, 0.2), (0.5, 1), (0, 1)),
    "B": polygon((1, 0), (2, 0), (2, 1), (1, 1)),
}

#   A│B        A lies west of the 180th meridian, B east of it; to the lattice they are far apart
ANTIMERIDIAN = {
    "A": on_lattice(shapely.box(179.999, 0, 180, SIDE)),
    "B": on_lattice(shapely.box(-180, 0, -179.999, SIDE)),
}

#   C D                 C D
#   A B  · · 75° · ·    A B     two towns further apart than 2.1 degrees
FAR_APART = {
    f"{town}{code}": on_lattice(shapely.transform(grid, lambda p, to=place: p + to))
    for town, place in (("W", (-70.0, -30.0)), ("E", (5.0, 45.0)))
    for code, grid in TWO_BY_TWO.items()
}

SEAMLESS = {
    "two by two": TWO_BY_TWO,
    "donut": DONUT,
    "multipart": MULTIPART,
    "own bay": OWN_BAY,
    "antimeridian": ANTIMERIDIAN,
    "far apart": FAR_APART,
}
