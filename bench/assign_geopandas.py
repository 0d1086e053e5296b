"""What a user would write instead of `gridgis assign`: a geopandas script of a few lines.

Run ``python -m bench.assign_geopandas POINTS.parquet GRIDS.geojson CODE OUT.parquet``.
"""

import sys

import geopandas
import pandas as pd

points_file, grids_file, code, output = sys.argv[1:]
points = pd.read_parquet(points_file)
grids = geopandas.read_file(grids_file)[[code, "geometry"]]
places = geopandas.GeoDataFrame(
    points, geometry=geopandas.points_from_xy(points["lon"], points["lat"]), crs="EPSG:4326"
)
assigned = places.sjoin(grids.to_crs("EPSG:4326"), how="left", predicate="within")
assigned.drop(columns=["geometry", "index_right"]).to_parquet(output, index=False)
