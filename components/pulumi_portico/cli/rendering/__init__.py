"""What a stack creates, as plain text."""
