"""Recognizes secrets by their form and by the names of what holds them: wherever they are, no message shows them.

A user can put a secret into a field that isn't meant for one: swap a key and its certificate, indent a mapping wrongly,
or paste a URL with a password. So this looks at texts, names, and locations, not at the types of the arguments.
"""

import re
from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any, Optional, cast

from .location import Key, Location
from .secret_formats import format_of, without_credentials
from .secrets import Secret

__all__ = [
    "HIDDEN",
    "concealed",
    "concealed_at",
    "has_credential",
    "is_plain_secret",
    "names_secret",
    "shown_key",
    "shown_text",
]

HIDDEN = "[secret]"
"""What messages show in place of a secret."""

_PRIVATE_KEYS = ("PRIVATE KEY", "PuTTY-User-Key-File-")
_IMAGE_DIGEST = r"(?!sha(?:256|512):)"
# A user can hand over 100,000 characters, so the repetitions are bounded.
_USER_OF_URL = re.compile(rf"(?<=//)(?:[^\s/@]{{0,256}}:\S{{0,256}}|[^\s/@]{{1,256}})@{_IMAGE_DIGEST}")
_USER_AND_PASSWORD = re.compile(rf"(?<![\w/.+-])[\w.+-]{{1,256}}:[^\s/@]{{1,256}}@{_IMAGE_DIGEST}(?=\w)")
# A reference such as $(PASSWORD) is no password.
_PASSWORD_OF_URL = re.compile(r"//[^\s/@:]{0,256}:(?!\$[({])[^\s/@]{1,256}@(?=\w)")
_WORDS = (
    r"secret|pass[_-]?(?:w|phrase|code)|token|credential|api[_-]?key|access[_-]?key|private[_-]?key|account[_-]?key"
    r"|signature|(?<![A-Za-z0-9])(?:pwd|sig)(?![A-Za-z0-9])"
)
"""What the names of credentials have in options, parameters, and files."""
_CREDENTIAL = re.compile(
    rf"""((?<![\w-])[\w-]{{0,64}}(?:{_WORDS})[\w-]{{0,64}}=|(?<![\w-])--?[\w-]{{0,64}}(?:{_WORDS})[\w-]{{0,64}}[ ]"""
    rf"""|["'][\w-]{{0,64}}(?:{_WORDS})[\w-]{{0,64}}["']\s{{0,8}}:\s{{0,8}}["']"""
    rf"""|\n[ ]{{0,64}}[\w-]{{0,64}}(?:{_WORDS})[\w-]{{0,64}}:[ ]+["']?"""
    r"""|authorization\s{0,8}[:=]\s{0,8}["']?(?:basic|token|apikey|negotiate|digest)\s+|bearer\s)"""
    r"""[^\s&,;"']+""",
    re.IGNORECASE,
)
"""A parameter of a query, an option of a command, a value in JSON or in a file, or what a header has."""
_SECRET_NAME = re.compile(
    r"secret|pass[_-]?(w|phrase|code)|token|credential|(^|[_-])creds?($|[_-])|cookie|authorization|bearer|jwt"
    r"|(api|access|account|client|encryption|hmac|license|master|private|service|shared|signing|ssh|storage)[_-]?key"
    r"|session[_-]?id|connection[_-]?string|webhook[_-]?ur[il]|kubeconfig|keytab|keystore|mnemonic"
    r"|(^|[_-])(pwd?|pass|auth|key|dsn|pat|otp|totp|pin|salt|pepper|pem|sas)$|^secure$",
    re.IGNORECASE,
)
"""Includes the names by which Pulumi marks a secret: `secure`, and `fn::secret`. Pulumi reads them only in the exact
form, and decrypts nothing in any other one, such as `secure: [a]`, so that the user's own text is there."""
_ASSIGNMENT = re.compile(r"(?P<name>[^=:\s]+)(?P<sign>\s*=|:)\s*\S")
_PLAIN_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_.@+-]*")
_SECRET_MAPPINGS = ("secret_env", "secretEnv", "secret_files", "secretFiles")
_OBJECT_DATA = ("string_data", "stringData", "data")
"""The fields of a Secret with its values."""
_WITH_OBJECTS = ("secrets", "manifests")
"""The fields of a stack that can have Secrets."""
_AUTH = ("basic_auth", "basicAuth")
_SECRET_FIELDS = ("secret", "pull_secrets", "users", *_SECRET_MAPPINGS)
_REFERENCES = frozenset(
    (
        *("secret_key_ref", "secretKeyRef", "config_map_key_ref", "configMapKeyRef"),
        *("secret_ref", "secretRef", "config_map_ref", "configMapRef"),
    )
)
"""The names of references to ConfigMaps and Secrets, which are no secrets themselves."""
_OF_REFERENCE = frozenset(("name", "key", "optional"))
_NOT_SECRET = ("true", "false", "yes", "no", "on", "off", "y", "n")


def shown_text(text: str) -> str:
    """A text without private keys, the users and passwords of URLs, and credentials."""
    if any(mark in text for mark in _PRIVATE_KEYS):
        return HIDDEN
    text = without_credentials(text, HIDDEN)
    text = _CREDENTIAL.sub(rf"\1{HIDDEN}", text)
    if "@" not in text:
        return text
    return _USER_AND_PASSWORD.sub(f"{HIDDEN}@", _USER_OF_URL.sub(f"{HIDDEN}@", text))


def has_credential(value: Any) -> bool:
    """Whether a text, or one in a value, has a credential whose form is known, a private key, or a URL's password.
    Names don't count."""
    if isinstance(value, str):
        has_form = any(mark in value for mark in _PRIVATE_KEYS) or format_of(value) is not None
        return has_form or _PASSWORD_OF_URL.search(value) is not None
    if isinstance(value, Mapping):
        return any(map(has_credential, cast("Mapping[Any, Any]", value).values()))
    return isinstance(value, (list, tuple)) and any(map(has_credential, cast("Sequence[Any]", value)))


def names_secret(name: str) -> bool:
    """Whether a name, such as that of an environment variable or a header, looks like that of a credential."""
    return bool(_SECRET_NAME.search(name)) or name in _SECRET_FIELDS


_SECRET_VARIABLE = re.compile(
    r"(^|[_.-])(password|passwd|passphrase|secret|token|api_?key|private_?key|secret_?key|access_?key|credentials)$",
    re.IGNORECASE,
)
_NO_SECRET = re.compile(
    r"|true|false|null|none|[0-9.]+|[/.~].*|[a-z][a-z0-9+.-]*://.*|.*(\$\(|\$\{|\{\{).*", re.IGNORECASE
)
"""Values that are a switch, a number, a path, a URL, or refer to another value."""


def is_plain_secret(name: str, value: Any) -> bool:
    """Whether a variable's name is that of a secret, and its value can be one. `names_secret` knows far more names,
    also those of what only concerns a secret."""
    return isinstance(value, str) and _SECRET_VARIABLE.search(name) is not None and _NO_SECRET.fullmatch(value) is None


def shown_key(location: Location, index: int = -1) -> str:
    """A key of a location as messages show it."""
    key = str(location[index])
    if not isinstance(location[index], Key):
        return key
    assignment = _ASSIGNMENT.match(key)
    if assignment and (assignment["sign"] != ":" or names_secret(assignment["name"])):
        return HIDDEN
    above = location[: index % len(location)]
    is_in_secret = _is_in_object(location[:1], above) or any(
        step in _SECRET_MAPPINGS or step in _AUTH for step in above
    )
    if is_in_secret and not _PLAIN_NAME.fullmatch(key):
        return HIDDEN
    return shown_text(key)


def concealed_at(location: Location, value: Any) -> Any:
    """The value itself, or what messages show in place of it: a `Secret`, or a value that has some."""
    if _is_not_secret(value):
        return value
    last = location[-1] if location else ""
    if isinstance(last, Key) and value == last:
        # The key itself is the value.
        return value if shown_key(location) == last else Secret()
    return Secret() if _holds_secret(location) else concealed(value)


def concealed(value: Any) -> Any:
    """The value itself, or one that has `Secret`s in place of secrets."""
    if isinstance(value, str):
        text = shown_text(value)
        return value if text == value else text
    if isinstance(value, Mapping):
        fields = cast("Mapping[Any, Any]", value)
        changed: Any = {_concealed_key(key): _concealed_item(fields, key) for key in fields}
        is_same = len(changed) == len(fields) and all(key in changed and changed[key] is fields[key] for key in fields)
        return fields if is_same else changed
    if isinstance(value, (list, tuple)):
        items = cast("Sequence[Any]", value)
        shown = [concealed(item) for item in items]
        return items if all(one is other for one, other in zip(shown, items, strict=True)) else shown
    return value


def _concealed_key(key: Any) -> Any:
    return shown_key(Location((Key(key),))) if isinstance(key, str) else key


def _concealed_item(fields: Mapping[Any, Any], key: Any) -> Any:
    value = fields[key]
    if _is_not_secret(value):
        return value
    if key == "env" and isinstance(value, (list, tuple)):
        variables = cast("Sequence[Any]", value)
        shown = [_without_value(variable) for variable in variables]
        return variables if all(one is other for one, other in zip(shown, variables, strict=True)) else shown
    if _names_objects(value) or (key in _REFERENCES and _names_objects({key: value})):
        return value
    # Kubernetes has a header as its name and its value.
    name: Optional[Any] = fields.get("name") if key == "value" else key
    return Secret() if isinstance(name, str) and names_secret(name) else concealed(value)


def _names_objects(value: Any) -> bool:
    """Whether a value names ConfigMaps and Secrets, or keys of them, and has no other text."""
    if not isinstance(value, Mapping) or not value:
        return False
    return all(
        key in _REFERENCES and isinstance(item, Mapping) and cast("Mapping[Any, Any]", item).keys() <= _OF_REFERENCE
        for key, item in cast("Mapping[Any, Any]", value).items()
    )


def _without_value(variable: Any) -> Any:
    """A variable of a pod's manifest without its value: `extra` can't say which ones are secret."""
    if not isinstance(variable, Mapping):
        return concealed(variable)
    fields = cast("Mapping[Any, Any]", variable)
    # What names a key of a Secret is no secret.
    if set(fields) == {"name", "valueFrom"}:
        return fields
    return {key: Secret() if key == "value" else concealed(item) for key, item in fields.items()}


def _holds_secret(location: Location) -> bool:
    """Whether messages never show the value at a location."""
    names = [step for step in location if isinstance(step, str)]
    if not names:
        return False
    if any(name in _SECRET_MAPPINGS for name in names) or _is_in_object(location[:1], location):
        return True
    if any(name in _AUTH and below == "users" for name, below in pairwise(names)):
        return True
    # A key that the user chose; the names of fields are known.
    return _SECRET_NAME.search(names[-1]) is not None if isinstance(names[-1], Key) else names[-1] in _SECRET_FIELDS


def _is_in_object(first: Sequence[Any], steps: Sequence[Any]) -> bool:
    """Whether steps lead to the data of an object of the stack that can be a Secret."""
    return bool(first) and first[0] in _WITH_OBJECTS and any(step in _OBJECT_DATA for step in steps[1:])


def _is_not_secret(value: Any) -> bool:
    return value is None or isinstance(value, bool) or (isinstance(value, str) and value.lower() in _NOT_SECRET)
