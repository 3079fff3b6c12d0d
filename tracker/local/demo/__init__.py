"""`tracker demo`: the whole way of a scan at a glance, on servers that end with the demo."""
