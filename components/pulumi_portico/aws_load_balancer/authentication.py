"""Sign-in by OpenID Connect or Amazon Cognito, before an Application Load Balancer answers requests.

Sources: AuthenticateOidcActionConfig and AuthenticateCognitoActionConfig in the API reference; user guide,
"Authenticate users using an Application Load Balancer".
"""

import re
from collections.abc import Mapping
from enum import Enum
from typing import TYPE_CHECKING, Any, Literal, Optional, TypeAlias

import pulumi

from .._typing import NotRequired, TypedDict
from ..args.codes import define
from ..args.elsewhere import moved_to, several, table
from ..args.parse import Field, Rules
from ..args.problems import Reason
from ..args.spec import Spec, spec
from ..args.units import SECONDS
from ..args.values import printable, whole_number
from ..untyped import Properties
from .resources import without_none
from .rules import arn, not_empty

__all__ = [
    "RULES",
    "SIGN_IN_PORT",
    "AwsAuthentication",
    "AwsAuthenticationSpec",
    "AwsCognito",
    "AwsCognitoSpec",
    "AwsOidc",
    "AwsOidcSpec",
    "AwsUnauthenticated",
    "AwsUnauthenticatedLike",
    "build_authentication",
]

SIGN_IN_PORT = 443
"""The port at which the load balancer asks the identity provider for tokens."""


class AwsUnauthenticated(str, Enum):
    """What is done with a request without a session."""

    AUTHENTICATE = "authenticate"
    """The client is sent to the identity provider."""

    ALLOW = "allow"
    """The request goes on, without the headers that name a user."""

    DENY = "deny"
    """The load balancer responds with 401, for APIs, whose clients can't sign in."""


if TYPE_CHECKING:
    AwsUnauthenticatedLike: TypeAlias = AwsUnauthenticated | Literal["authenticate", "allow", "deny"]
else:
    AwsUnauthenticatedLike = AwsUnauthenticated


class AwsOidc(TypedDict):
    """An identity provider that speaks OpenID Connect, and this application's account there. Maps to the action
    `authenticate-oidc`."""

    issuer: pulumi.Input[str]
    """The issuer: an HTTPS URL, as the provider's tokens have it."""

    authorization_endpoint: pulumi.Input[str]
    """The HTTPS URL that clients are sent to."""

    token_endpoint: pulumi.Input[str]
    """The HTTPS URL of tokens, which the load balancer must be able to reach."""

    user_info_endpoint: pulumi.Input[str]
    """The HTTPS URL of claims about the user, which the load balancer must be able to reach."""

    client_id: pulumi.Input[str]
    """The ID of the application at the provider."""

    client_secret: pulumi.Input[str]
    """The secret of the application at the provider. It's encrypted in the state."""


class AwsCognito(TypedDict):
    """A user pool of Amazon Cognito. Maps to the action `authenticate-cognito`."""

    user_pool: pulumi.Input[str]
    """The ARN of the user pool."""

    user_pool_client: pulumi.Input[str]
    """The ID of the pool's app client, which must have a secret."""

    user_pool_domain: pulumi.Input[str]
    """The domain of the pool: its prefix, or its own domain."""


class AwsAuthentication(TypedDict):
    """Users sign in before their requests are answered. HTTPS listeners of Application Load Balancers.

    Targets get the user's claims in the header `x-amzn-oidc-data`, which they must verify: its signature is the load
    balancer's. The load balancer connects to the provider's endpoints at port 443, so an internal one needs a NAT
    gateway."""

    oidc: NotRequired[AwsOidc]
    """The identity provider. This or `cognito`."""

    cognito: NotRequired[AwsCognito]
    """The user pool. This or `oidc`."""

    scope: NotRequired[pulumi.Input[str]]
    """What the application asks for, separated by spaces. Default: openid."""

    unauthenticated: NotRequired[AwsUnauthenticatedLike]
    """What is done with a request without a session. Plain. Default: authenticate. Maps to
    `on_unauthenticated_request`."""

    session_cookie: NotRequired[str]
    """The name of the session's cookie. Plain. Default: AWSELBAuthSessionCookie."""

    session_timeout: NotRequired[pulumi.Input[int]]
    """Seconds (1 to 604800) of a session. Default: 604800, 7 days."""

    extra_parameters: NotRequired[Mapping[str, pulumi.Input[str]]]
    """Further parameters of the request to the provider, such as `prompt`, at most 10. Keys are plain. Maps to
    `authentication_request_extra_params`."""


@spec(AwsOidc)
class AwsOidcSpec(Spec):
    """A parsed `AwsOidc`."""

    issuer: pulumi.Input[str]
    authorization_endpoint: pulumi.Input[str]
    token_endpoint: pulumi.Input[str]
    user_info_endpoint: pulumi.Input[str]
    client_id: pulumi.Input[str]
    client_secret: pulumi.Input[str]


_NAMES_OF_AWS_COGNITO = table(
    {
        "userPoolArn": moved_to("user_pool"),
        "userPoolClientId": moved_to("user_pool_client"),
        "clientId": moved_to("user_pool_client"),
    }
)
"""Other tools' names for the fields of `AwsCognito`."""


@spec(AwsCognito, elsewhere=_NAMES_OF_AWS_COGNITO)
class AwsCognitoSpec(Spec):
    """A parsed `AwsCognito`."""

    user_pool: pulumi.Input[str]
    user_pool_client: pulumi.Input[str]
    user_pool_domain: pulumi.Input[str]


_NAMES_OF_AWS_AUTHENTICATION = table(
    {
        "onUnauthenticatedRequest": moved_to("unauthenticated"),
        "sessionCookieName": moved_to("session_cookie"),
        "authenticationRequestExtraParams": moved_to("extra_parameters"),
        "type": several("oidc", "cognito"),
    }
)
"""Other tools' names for the fields of `AwsAuthentication`."""


@spec(AwsAuthentication, elsewhere=_NAMES_OF_AWS_AUTHENTICATION)
class AwsAuthenticationSpec(Spec):
    """A parsed `AwsAuthentication`. A field is None if it isn't set."""

    oidc: Optional[AwsOidcSpec] = None
    cognito: Optional[AwsCognitoSpec] = None
    scope: Optional[pulumi.Input[str]] = None
    unauthenticated: AwsUnauthenticated = AwsUnauthenticated.AUTHENTICATE
    session_cookie: Optional[str] = None
    session_timeout: Optional[pulumi.Input[int]] = None
    extra_parameters: Optional[Mapping[str, pulumi.Input[str]]] = None


NOT_HTTPS_URL = define(
    "not-https-url", "{value} isn't an HTTPS URL without a query.", allowed="https://, a host, and a path, if any"
)
INVALID_COOKIE = define(
    "invalid-session-cookie-name", "{value} isn't the name of a cookie.", allowed="letters, digits, and !#$%&'*+-.^_`|~"
)
INVALID_SCOPES = define(
    "invalid-oidc-scope", "{value} isn't a list of scopes.", allowed="words with spaces between them, openid among them"
)
MANY_PARAMETERS = define("too-many-extra-parameters", "AWS accepts {most} parameters.", allowed="at most {most}")

_URL = re.compile(r"https://[A-Za-z0-9.-]+(:[0-9]{1,5})?(/[!-\"$->@-~]*)?")
_COOKIE = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]{1,256}")
_MOST_PARAMETERS = 10


def _url(value: str) -> Optional[Reason]:
    return None if _URL.fullmatch(value) else Reason(NOT_HTTPS_URL)


def _cookie(value: str) -> Optional[Reason]:
    return None if _COOKIE.fullmatch(value) else Reason(INVALID_COOKIE)


def _scopes(value: str) -> Optional[Reason]:
    # OpenID Connect Core, 3.1.2.1: "MUST contain the openid scope value".
    return printable(value) if "openid" in value.split(" ") else Reason(INVALID_SCOPES)


def _parameters(value: Mapping[str, object]) -> Optional[Reason]:
    return not_empty(value) or (
        Reason(MANY_PARAMETERS, {"most": _MOST_PARAMETERS}) if len(value) > _MOST_PARAMETERS else None
    )


_TEXT = Field(printable)
_URLS = ("issuer", "authorization_endpoint", "token_endpoint", "user_info_endpoint")

RULES: Rules = {
    AwsOidc: {
        **dict.fromkeys(_URLS, Field(_url)),
        "client_id": _TEXT,
        "client_secret": Field(printable, secret=True),
    },
    AwsCognito: {
        "user_pool": Field(arn("cognito-idp", "a user pool")),
        "user_pool_client": _TEXT,
        "user_pool_domain": _TEXT,
    },
    AwsAuthentication: {
        "scope": Field(_scopes),
        "session_cookie": Field(_cookie),
        "session_timeout": Field(whole_number(1, 604800, SECONDS)),
        "extra_parameters": Field(_parameters, keys=printable, items=printable),
    },
}
"""What the fields must satisfy beyond their types."""


def build_authentication(authentication: AwsAuthenticationSpec) -> Properties:
    """The action, as listeners and their rules take it. Another one, with what happens then, comes after it."""
    common = {
        "scope": authentication.scope,
        "on_unauthenticated_request": authentication.unauthenticated.value,
        "session_cookie_name": authentication.session_cookie,
        "session_timeout": authentication.session_timeout,
        "authentication_request_extra_params": authentication.extra_parameters,
    }
    if authentication.oidc is not None:
        return {
            "type": "authenticate-oidc",
            "authenticate_oidc": without_none({**_oidc(authentication.oidc), **common}),
        }
    pool = authentication.cognito
    # Invalid arguments, without either of both, build nothing.
    found: dict[str, Any] = {} if pool is None else _cognito(pool)
    return {"type": "authenticate-cognito", "authenticate_cognito": without_none({**found, **common})}


def _oidc(provider: AwsOidcSpec) -> dict[str, Any]:
    return {
        "issuer": provider.issuer,
        "authorization_endpoint": provider.authorization_endpoint,
        "token_endpoint": provider.token_endpoint,
        "user_info_endpoint": provider.user_info_endpoint,
        "client_id": provider.client_id,
        # Secret in the state, even if the argument isn't.
        "client_secret": pulumi.Output.secret(provider.client_secret),
    }


def _cognito(pool: AwsCognitoSpec) -> dict[str, Any]:
    return {
        "user_pool_arn": pool.user_pool,
        "user_pool_client_id": pool.user_pool_client,
        "user_pool_domain": pool.user_pool_domain,
    }
