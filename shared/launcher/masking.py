"""Takes what is secret out of texts that leave this machine: values that are known, and what looks like one."""

import json
import re
from collections.abc import Iterable, Mapping
from urllib.parse import quote, quote_plus, unquote, urlsplit

from shared.launcher.world import KEY

HIDDEN = "(hidden)"
# Names of variables and fields whose value nobody else may know.
SECRET_NAME = re.compile(r"(?i)(TOKEN|KEY|SECRET|PASSW|CREDENTIAL|PRIVATE|AUTH|COOKIE|DSN|DATABASE_URL|WEBHOOK)")
NO_SECRET = re.compile(
    r"(?i)(TOKENS_|_TOKENS\b|TOKENS$|KEY_VARIABLE|TOKENIZERS)"
)  # counts of tokens, names of variables
LINE_MIN = 12  # of a secret of several lines: shorter ones say nothing by themselves
LONG = 8  # characters; shorter values are hidden only where they stand as a word

# Every repetition is bounded or possessive, so that no text, however it is made, takes longer than its length.
_SHAPES = (
    # user:password@ in an address: the password
    (
        re.compile(r"((?<![a-z0-9+.-])[a-z][a-z0-9+.-]{0,20}://[^\s:/@\"'<>]{0,200}:)[^\s@\"'<>]{1,500}(?=@)", re.I),
        rf"\1{HIDDEN}",
    ),
    (
        re.compile(r"-----BEGIN [A-Z ]{0,20}PRIVATE KEY-----.*?(?:-----END [A-Z ]{0,20}PRIVATE KEY-----|\Z)", re.S),
        HIDDEN,
    ),
    # of which the beginning is cut off
    (re.compile(r"(?<![\w+/=])(?:[A-Za-z0-9+/=]{16,}+\s++){1,60}+-----END [A-Z ]{0,20}PRIVATE KEY-----"), HIDDEN),
    (re.compile(r"(\bBearer\s{1,3})(?!token\b|\(hidden\))[\w.~+/=-]{4,}", re.I), rf"\1{HIDDEN}"),
    (re.compile(r"(\bBasic\s{1,3})[A-Za-z0-9+/=]{12,}", re.I), rf"\1{HIDDEN}"),
    (re.compile(r"\b(?:sk|pk|pplx|gsk|xai|ghp|gho|glpat|xox[abp]|pylf)[-_][\w-]{8,}"), HIDDEN),
    (re.compile(r"\beyJ[\w-]{8,}+\.[\w-]++\.[\w-]*+"), HIDDEN),
    # name=value, name: value and "name": "value" of a secret, also within a text that is quoted itself
    (
        re.compile(
            r"""(?ix)( (?:api[_-]?key|access[_-]?key|secret|passw(?:or)?d|authorization|signature|coliseum_token
            |logfire_token|access[_-]?token|auth[_-]?token) \w{0,20}+ (?:\\{0,6}["'])? \s{0,3} [=:] \s{0,3}
            (?:\\{0,6}["'])? )
            (?! \s | \(hidden\) | null\b | None\b | (?:Bearer|Basic)\s ) (?: [^\s"'&,;}\]\\] | \\[^"'\\] )++"""
        ),
        rf"\1{HIDDEN}",
    ),
)


class Mask:
    def __init__(self, secrets: Iterable[str]) -> None:
        written = {form for secret in secrets for form in _forms(secret)}
        self.count = len(written)
        long = sorted((form for form in written if len(form) >= LONG), key=len, reverse=True)
        short = sorted((form for form in written if len(form) < LONG), key=len, reverse=True)
        parts = [re.escape(form) for form in long]
        parts += [rf"(?<![A-Za-z0-9]){re.escape(form)}(?![A-Za-z0-9])" for form in short]
        self._known = re.compile("|".join(parts)) if parts else None

    def clean(self, text: str) -> str:
        if self._known is not None:
            text = self._known.sub(HIDDEN, text)
        for shape, instead in _SHAPES:
            text = shape.sub(instead, text)
        return text


def is_secret(name: str) -> bool:
    return bool(SECRET_NAME.search(name)) and not NO_SECRET.search(name)


def secrets_of(environment: Mapping[str, str]) -> set[str]:
    """Values of variables with such names, and passwords within addresses under any name."""
    found = {value for name, value in environment.items() if is_secret(name)}
    for value in environment.values():
        found |= _passwords(value)
    # What the sandbox takes for a key opens nothing, and is its name.
    return {value for value in found if value.strip() and value != KEY}


def _passwords(value: str) -> set[str]:
    if "://" not in value or "@" not in value:
        return set()
    try:
        password = urlsplit(value).password
    except ValueError:
        return set()
    return {password, unquote(password)} if password else set()


def _forms(secret: str) -> set[str]:
    """As it is written, and as addresses, JSON and the lines of a file write it."""
    plain = secret.strip()
    forms = {plain, quote(plain, safe=""), quote_plus(plain)}
    for ascii_only in (True, False):
        once = json.dumps(plain, ensure_ascii=ascii_only)[1:-1]
        forms |= {once, json.dumps(once, ensure_ascii=ascii_only)[1:-1]}  # a text in JSON within a text in JSON
    lines = [line.strip() for line in plain.replace("\\n", "\n").splitlines()]
    if len(lines) > 1:
        forms |= {line for line in lines if len(line) >= LINE_MIN and not line.startswith("-----")}
    return {form for form in forms if form}
