"""Rules about those who work in the console."""
