"""What's wrong with a file that isn't YAML, in words that quote nothing of the file.

PyYAML's own descriptions quote names of aliases, anchors, and tags. An unquoted password that starts with `*`, `&`, or
`!` is one of these.
"""

import yaml

__all__ = ["detail_of"]

_DETAILS = (
    ("found undefined alias", "no anchor has the name of this alias; put text that starts with * in quotes"),
    ("found duplicate anchor", "another value has the name of this anchor; put text that starts with & in quotes"),
    ("scanning an alias", "this isn't the name of an alias; put text that starts with * in quotes"),
    ("scanning an anchor", "this isn't the name of an anchor; put text that starts with & in quotes"),
    ("scanning a tag", "this isn't a tag; put text that starts with ! in quotes"),
    ("constructor for the tag", "only YAML's own tags are read; put text that starts with ! in quotes"),
    ("tag handle", "this isn't a tag; put text that starts with ! in quotes"),
    ("scanning a directive", "this isn't a directive; put text that starts with % in quotes"),
    ("scanning a block scalar", "this isn't the head of a block of text; put text that starts with | or > in quotes"),
    ("scanning a quoted scalar", "text in quotes has no closing quotation mark"),
    ("scanning a double-quoted scalar", "YAML has no such escape sequence; put the text in single quotes"),
    ("cannot start any token", "no value can start with this character; put the text in quotes"),
    ("mapping values are not allowed", "a colon and a space can't be here; put text that has them in quotes"),
    ("scanning a simple key", "this key has no colon, or no space after it"),
    ("expected a single document", "the file has a second document"),
    ("parsing a block mapping", "this line isn't a key of the mapping above it; its indentation or a colon is wrong"),
    ("parsing a block collection", "this line isn't an item of the list above it; its indentation is wrong"),
    ("parsing a flow mapping", "a mapping in braces has no comma or closing brace here"),
    ("parsing a flow sequence", "a list in brackets has no comma or closing bracket here"),
)
"""What's wrong with a file, by a part of PyYAML's description: the first that fits."""


def detail_of(error: yaml.YAMLError) -> str:
    """What's wrong, without any text of the file."""
    problem = f"{getattr(error, 'context', '')} {getattr(error, 'problem', '')}"
    return next((detail for text, detail in _DETAILS if text in problem), "its structure is broken here")
