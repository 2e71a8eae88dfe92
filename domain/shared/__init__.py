"""What every subject stands on: errors, work, clock, identifiers, records, conversations."""
