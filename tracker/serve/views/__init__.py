"""Answers as text for a terminal, line by line, with whatever could act on it made visible."""
