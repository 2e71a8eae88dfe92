"""Redis: where talk is kept when many processes serve."""
