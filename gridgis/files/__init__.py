"""The only room that reads and writes files: vector files, tables and Parquet."""
