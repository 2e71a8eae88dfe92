"""Conversations about filed families."""
