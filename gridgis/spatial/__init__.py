"""Pure geometry of grids: arrays and polygons in, new ones out."""
