"""Maps as files: one HTML page that asks nothing from any server."""
