"""Rules about reaching a person."""
