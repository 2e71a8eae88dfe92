"""Rules about allotment plans, projects and units."""
