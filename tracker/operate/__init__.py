"""What an operator does beside the workers: sees how far they are, decides about partitions that are stopped."""
