"""Door 3, shops: the API."""
