"""The defaults of HTTP that gateways and load balancers share."""

__all__ = ["HSTS_MAX_AGE", "HTTPS_REDIRECT"]

HSTS_MAX_AGE = 31536000
"""The seconds that browsers remember to use HTTPS: a year, the least that the browsers' preload list accepts."""

HTTPS_REDIRECT = 308
"""The status of a redirect from HTTP to HTTPS: permanent, and the client keeps its method and body."""
