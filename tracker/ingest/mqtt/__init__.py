"""Scans from an MQTT broker (3.1.1 and 5, QoS 1): acknowledged to it once they are safe, in the order of receipt."""
