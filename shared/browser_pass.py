"""The pass of a browser whose person gave the token once: a cookie that tells nobody the token."""

import hmac
from hashlib import sha256
from http.cookies import CookieError, SimpleCookie

SIGN_IN = "/sign-in"
SIGN_OUT = "/sign-out"
PASS_COOKIE = "coliseum_pass"


def pass_of(token: str) -> str:
    return hmac.new(token.encode(), b"pages of this arena", sha256).hexdigest()


def holds_pass(cookies: str, token: str) -> bool:
    """Cookies know no ports, so a pass holds for all services of a host that share the token."""
    if PASS_COOKIE not in cookies:
        return False
    try:
        given = SimpleCookie(cookies).get(PASS_COOKIE)
    except CookieError:
        return False
    return given is not None and hmac.compare_digest(given.value.encode(), pass_of(token).encode())
