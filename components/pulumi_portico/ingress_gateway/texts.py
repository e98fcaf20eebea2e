"""Serves the modules of the gateway until they import the rules from `text_rules`."""

from .text_rules import header_name, host, pem_certificate, pem_private_key

__all__ = ["header_name", "host", "pem_certificate", "pem_private_key"]
