"""Kafka to Redis: the worker, between a claim and an apply."""
