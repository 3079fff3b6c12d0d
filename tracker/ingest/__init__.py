"""The gateway: takes scans by HTTP, TCP, MQTT and EPCIS, and answers only when each of them is safe."""
