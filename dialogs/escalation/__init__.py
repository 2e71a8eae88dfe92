"""Conversations about reaching a person."""
