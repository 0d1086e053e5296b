"""The HTTP edge of gridgis: parses requests, calls services, translates answers and errors.

Installed as `gridgis_api`; inside this package only relative imports are used.
"""
