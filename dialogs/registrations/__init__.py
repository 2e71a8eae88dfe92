"""Conversations about registrations."""
