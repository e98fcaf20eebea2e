"""The controllers that a gateway installs: what they are made of, and what they are told."""
