"""The rules. No framework, no clock, no wire."""
