"""Rules about filed families."""
