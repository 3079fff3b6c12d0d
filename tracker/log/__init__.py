"""Kafka: topics, the producer, how far the log goes, which log it is, and what it holds of a parcel."""
