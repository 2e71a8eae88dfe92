"""Conversations about who a citizen is."""
