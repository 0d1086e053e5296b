"""The one room that speaks SQL: the same tables on SQLite and PostGIS, and plain functions."""
