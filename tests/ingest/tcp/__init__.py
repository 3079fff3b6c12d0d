"""The door for readers over TCP."""
