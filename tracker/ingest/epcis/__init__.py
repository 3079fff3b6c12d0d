"""EPCIS 2.0: documents and events of the standard in JSON-LD, as scans. docs/epcis.md says what becomes what."""
