"""What a flow is written in, and how it is walked."""
