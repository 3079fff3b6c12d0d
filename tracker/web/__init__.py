"""What every HTTP door of the product shares: the server and its limits, bodies, refusals."""
