"""Device keys: who may send. How a key is written, what is known of it, and where that stands."""
