"""`tracker demo`: a first look at the whole way of a scan, on servers that live as long as the demo."""
