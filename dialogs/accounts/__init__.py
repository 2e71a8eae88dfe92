"""Conversations about account."""
