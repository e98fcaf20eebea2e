"""A stack, rendered: what it would register, as plain text, without engine or cluster."""
