"""Kafka to Redis: the Faust app, its batch transport, and the decisions between claim and apply."""
