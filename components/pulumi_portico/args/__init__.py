"""Arguments: parsing against their types, the rules of their fields, and problems as data."""
