"""One function for each wish of a user; services decide and own the transaction."""
