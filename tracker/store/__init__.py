"""Redis: key names, scripts, claim, read and apply."""
