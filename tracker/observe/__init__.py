"""What watches a process: its monitor over HTTP, and how far long work has come."""
