"""Benchmarks of gridgis against what a user could pick instead; they write tables, never judge."""
