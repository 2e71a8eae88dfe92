"""Rules about what citizens are told."""
