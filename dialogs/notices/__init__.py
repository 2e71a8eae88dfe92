"""What a citizen wishes to be told."""
