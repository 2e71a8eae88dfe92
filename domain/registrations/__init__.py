"""Rules about registrations."""
