"""Conversations about allotment plans, projects and units."""
