"""The door for scans over HTTP."""
