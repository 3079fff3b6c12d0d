"""Parcel tracking event processor: scans from Kafka become parcel state in Redis, each exactly once."""
