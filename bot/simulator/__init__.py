"""A fake WeChat for testers, over the real webhook with real encryption."""
