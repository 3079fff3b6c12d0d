"""Pure: barcodes, scans, vocabularies, the state machine, the parcel. No I/O, no clock, no randomness."""
