"""Rules about account."""
