"""Redis to people and programs: parcels as text and as JSON."""
