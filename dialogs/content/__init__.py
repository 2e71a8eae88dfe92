"""Conversations about worded and versioned content."""
