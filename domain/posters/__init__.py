"""Rules about posters and what they bring."""
