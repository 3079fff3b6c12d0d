"""Scanners to Kafka: the producer that everything which sends scans goes through."""
