"""The defaults of HTTP that gateways and load balancers share."""

__all__ = ["HSTS_MAX_AGE"]

HSTS_MAX_AGE = 31536000
"""The seconds that browsers remember to use HTTPS: a year, the least that the browsers' preload list accepts."""
