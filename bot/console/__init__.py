"""The officers' console: pages for those who run the service."""
