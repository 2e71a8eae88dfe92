"""The edge: WeChat, one-time pages, simulator, command line."""
