"""The controllers that a gateway installs: their objects and their settings."""
