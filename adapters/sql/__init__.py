"""The records, in SQL."""
