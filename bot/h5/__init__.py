"""Pages that citizens open from a link."""
