"""One module per outside thing. Each implements ports and decides nothing."""
