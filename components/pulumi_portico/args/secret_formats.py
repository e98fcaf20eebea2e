"""The formats of well-known credentials, as data.

Source: the public rules of gitleaks (`config/gitleaks.toml`, the 222 rules of v8.30.1) and trufflehog
(`pkg/detectors`), for credentials that have a form of their own. Those that are only random text are recognized by the
name of what holds them.
"""

import re
from collections.abc import Mapping
from typing import Optional

__all__ = ["FORMATS", "format_of", "without_credentials"]

FORMATS: Mapping[str, str] = {
    # Clouds.
    "AWS access key": r"(?:A3T[A-Z0-9]|AKIA|ASIA|ABIA|ACCA)[A-Z2-7]{16}",
    "AWS Bedrock API key": (
        r"(?:ABSK[A-Za-z0-9+/]{109,269}={0,2}|bedrock-api-key-YmVkcm9jay5hbWF6b25hd3MuY29t[A-Za-z0-9+/=_-]{0,2000})"
    ),
    "Alibaba Cloud access key": r"LTAI[A-Za-z0-9]{20}",
    "Azure client secret": r"[A-Za-z0-9_~.]{3}\dQ~[A-Za-z0-9_~.-]{31,34}",
    "DigitalOcean token": r"do[opr]_v1_[a-f0-9]{64}",
    "Google API key": r"AIza[\w-]{35}",
    "Google OAuth secret": r"GOCSPX-[\w-]{28}",
    "Google OAuth token": r"ya29\.[\w-]{20,1000}",
    "Fly.io token": r"(?:fo1_[\w-]{43}|fm1[ar]_[A-Za-z0-9+/]{100,1000}={0,3}|fm2_[A-Za-z0-9+/]{100,1000}={0,3})",
    "Heroku API key": r"HRKU-AA[0-9A-Za-z_-]{58}",
    "Scalingo token": r"tk-us-[\w-]{48}",
    "Yandex Cloud key": r"\b(?:AQVN[\w-]{35,38}|t1\.[\w-]{1,1000}={0,2}\.[\w-]{86}={0,2})",
    "Scaleway key": r"SCW[A-Z0-9]{17}",
    # Source code and packages.
    "GitHub token": r"(?:gh[oprsu]_[A-Za-z0-9]{36,255}|github_pat_\w{82})",
    "GitLab token": r"(?:gl(?:pat|dt|ptt|ft|ffct|imt|agent|oas|soat|cbt|rt)-[\w.-]{20,300}|GR1348941[\w-]{20})",
    "Bitbucket token": r"ATCTT3[A-Za-z0-9_=-]{180,200}",
    "Atlassian token": r"ATATT3[A-Za-z0-9_=-]{180,200}",
    "npm token": r"npm_[A-Za-z0-9]{36}",
    "PyPI token": r"pypi-AgEIcHlwaS5vcmc[\w-]{50,1000}",
    "RubyGems token": r"rubygems_[a-f0-9]{48}",
    "Clojars token": r"CLOJARS_[a-zA-Z0-9]{60}",
    "SonarQube token": r"\bsq[upa]_[a-f0-9]{40}\b",
    "Sourcegraph token": r"\bsgp_(?:(?:[a-fA-F0-9]{16}|local)_)?[a-fA-F0-9]{40}\b",
    "Infracost key": r"\bico-[a-zA-Z0-9]{32}\b",
    "crates.io token": r"cio[A-Za-z0-9]{32}",
    "NuGet key": r"oy2[a-z0-9]{43}",
    "Docker Hub token": r"dckr_(?:pat|oat)_[\w-]{27,32}",
    "Artifactory token": r"(?:AKCp[A-Za-z0-9]{69}|cmVmd[A-Za-z0-9]{59})",
    # Operation.
    "HashiCorp Vault token": r"(?:hv[sbr]\.[\w-]{24,300}|\bs\.[A-Za-z0-9]{24}\b)",
    "HCP Terraform token": r"[A-Za-z0-9]{14}\.atlasv1\.[\w=-]{60,70}",
    "Pulumi token": r"pul-[a-f0-9]{40}",
    "1Password token": r"ops_eyJ[A-Za-z0-9+/]{250,2000}={0,3}",
    "1Password secret key": r"\bA3-[A-Z0-9]{6}-(?:[A-Z0-9]{11}|[A-Z0-9]{6}-[A-Z0-9]{5})(?:-[A-Z0-9]{5}){3}\b",
    "OpenShift token": r"sha256~[\w-]{43}",
    "Harness key": r"\b(?:pat|sat)\.[\w-]{22}\.[A-Za-z0-9]{24}\.[A-Za-z0-9]{20}\b",
    "Octopus Deploy key": r"\bAPI-[A-Z0-9]{26}\b",
    "ClickHouse Cloud key": r"\b4b1d[A-Za-z0-9]{38}\b",
    "Defined Networking key": r"dnkey-[\w=-]{26}-[\w=-]{52}",
    "Doppler token": r"dp\.(?:pt|st|ct|scim|audit|said?)\.[A-Za-z0-9._-]{40,100}",
    "age secret key": r"AGE-SECRET-KEY-1[02-9AC-HJ-NP-Z]{58}",
    "Databricks token": r"dapi[a-f0-9]{32}(?:-\d)?",
    "Dynatrace token": r"dt0c01\.[A-Za-z0-9]{24}\.[A-Za-z0-9]{64}",
    "Grafana key": r"\beyJrIjoi[A-Za-z0-9]{70,400}={0,3}",
    "Grafana token": r"gl(?:sa_[A-Za-z0-9]{32}_[A-Fa-f0-9]{8}|c_[A-Za-z0-9+/]{32,400}={0,3})",
    "New Relic key": r"(?:NRAK-[A-Z0-9]{27}|NRJS-[a-f0-9]{19}|NRII-[A-Za-z0-9-]{32})",
    "Sentry token": r"sntry(?:s_eyJ[A-Za-z0-9+/=_-]{80,1000}|u_[a-f0-9]{64})",
    "PlanetScale token": r"pscale_(?:tkn|pw|oauth)_[\w=.-]{32,64}",
    "Supabase token": r"sb(?:p_[a-f0-9]{40}|_secret_[\w-]{20,64})",
    "Prefect key": r"pn[ub]_[A-Za-z0-9]{36}",
    "Tailscale key": r"tskey-[a-z]{2,10}-[\w-]{10,64}",
    "Cloudflare origin CA key": r"v1\.0-[a-f0-9]{24}-[a-f0-9]{146}",
    "Kubernetes service account token": r"eyJhbGciOi[\w-]{10,2000}\.eyJ[\w-]{10,8000}\.[\w-]{10,2000}",
    # Products.
    "JSON Web Token": r"ey[A-Za-z0-9]{17,2000}\.ey[A-Za-z0-9/_-]{17,8000}\.[A-Za-z0-9/_-]{10,2000}={0,2}",
    "Slack token": r"(?:xox[abeoprs]-[\w-]{10,250}|xoxe\.xox[bp]-\d-[A-Za-z0-9]{160,170}|xapp-\d-[\w-]{20,200})",
    "Slack webhook": r"hooks\.slack\.com/(?:services|workflows|triggers)/[A-Za-z0-9+/]{40,60}",
    "Discord webhook": r"discord(?:app)?\.com/api/webhooks/\d{17,20}/[\w-]{60,80}",
    "Microsoft Teams webhook": r"\.webhook\.office\.com/webhookb2/[\w@-]{30,100}/IncomingWebhook/[\w/-]{30,100}",
    "Telegram token": r"\b\d{5,16}:AA[\w-]{33}",
    "Stripe key": r"(?:(?:sk|rk)_(?:test|live|prod)_[A-Za-z0-9]{10,99}|whsec_[A-Za-z0-9+/=]{20,64})",
    "Square token": r"(?:sq0[a-z]{3}-[\w-]{22,43}|EAAA[\w-]{60})",
    "Shopify token": r"shp(?:at|ca|pa|ss)_[a-fA-F0-9]{32}",
    "SendGrid key": r"SG\.[\w-]{16,32}\.[\w-]{32,64}",
    "Brevo key": r"xkeysib-[a-f0-9]{64}-[A-Za-z0-9]{16}",
    "Mailgun key": r"(?:private-)?key-[a-f0-9]{32}",
    "Mailchimp key": r"\b[a-f0-9]{32}-us\d{1,2}\b",
    "Twilio key": r"\bSK[0-9a-fA-F]{32}\b",
    "OpenAI key": r"sk-(?:(?:proj|svcacct|admin|None)-[\w-]{20,200}|[A-Za-z0-9]{20}T3BlbkFJ[A-Za-z0-9]{20})",
    "Anthropic key": r"sk-ant-[a-z]+\d{2}-[\w-]{80,120}",
    "Hugging Face token": r"(?:hf|api_org)_[A-Za-z]{34}",
    "Perplexity key": r"pplx-[A-Za-z0-9]{48}",
    "Linear key": r"lin_(?:api|oauth)_[A-Za-z0-9]{40,64}",
    "Notion token": r"ntn_\d{11}[A-Za-z0-9]{35}",
    "Postman key": r"PMAK-[a-f0-9]{24}-[a-f0-9]{34}",
    "Airtable token": r"\bpat[A-Za-z0-9]{14}\.[a-f0-9]{64}\b",
    "HubSpot token": r"pat-(?:na|eu)\d-[a-f0-9-]{36}",
    "Figma token": r"figd_[\w-]{40}",
    "Contentful token": r"CFPAT-[\w-]{43}",
    "EasyPost key": r"EZ[AT]K[A-Za-z0-9]{54}",
    "Typeform token": r"tfp_[\w.=-]{59}",
    "Adobe secret": r"\bp8e-[a-zA-Z0-9]{32}\b",
    "Authress key": (
        r"\b(?:sc|ext|scauth|authress)_[a-zA-Z0-9]{5,30}\.[a-zA-Z0-9]{4,6}\.acc[_-][a-zA-Z0-9-]{10,32}"
        r"\.[a-zA-Z0-9+/_=-]{30,120}"
    ),
    "Duffel token": r"duffel_(?:test|live)_[\w=-]{43}",
    "Facebook token": r"\b(?:\d{15,16}\|[\w-]{27,40}|EAA[MC][a-zA-Z0-9]{100,400})",
    "Flutterwave key": r"FLWSECK(?:_TEST)?-[a-zA-Z0-9]{12,32}(?:-X)?",
    "Frame.io token": r"fio-u-[\w=-]{64}",
    "MaxMind key": r"\b[A-Za-z0-9]{6}_[A-Za-z0-9]{29}_mmk\b",
    "Plaid token": r"access-(?:sandbox|development|production)-[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}",
    "ReadMe key": r"rdme_[a-z0-9]{70}",
    "SettleMint token": r"\bsm_[aps]at_[a-zA-Z0-9]{16}\b",
    "Shippo token": r"shippo_(?:live|test)_[a-fA-F0-9]{40}",
    # What isn't a token.
    "password hash": r"\$(?:2[abxy]|apr1|[156y]|argon2(?:id|i|d)|scrypt)\$[\w./$,=+-]{20,200}",
    "salted password hash": r"\{SSHA\}[\w+/=]{20,100}",
}
"""The format of each kind of credential, as a regular expression without groups."""

_ANY = re.compile("|".join(f"(?:{pattern})" for pattern in FORMATS.values()))


def without_credentials(text: str, hidden: str) -> str:
    """A text with something else in place of credentials."""
    return _ANY.sub(hidden, text)


def format_of(text: str) -> Optional[str]:
    """What kind of credential is in a text; None if none is known."""
    if _ANY.search(text) is None:
        return None
    return next(name for name, pattern in FORMATS.items() if re.search(pattern, text))
