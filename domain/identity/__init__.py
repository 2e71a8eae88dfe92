"""Rules about who a citizen is."""
