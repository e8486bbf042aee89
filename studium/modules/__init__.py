"""What the system does, one package for each area of the API."""
