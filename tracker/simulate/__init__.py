"""Realistic traffic, and the replay of files."""
