"""Rules about worded and versioned content."""
