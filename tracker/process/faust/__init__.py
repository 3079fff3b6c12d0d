"""The worker on Faust: its app, and the transport that hands over whole fetches."""
