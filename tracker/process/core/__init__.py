"""What decides in the worker, and what it decides about. No input, no output, no clock."""
