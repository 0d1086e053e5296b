"""gridgis keeps the grids of a city and answers which grid a place is in and who is responsible."""

__version__ = "0.1.0"
