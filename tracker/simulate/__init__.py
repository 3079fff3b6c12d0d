"""Makes realistic traffic, and replays files of scans."""
