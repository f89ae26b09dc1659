"""The company's sign-in as OpenID Connect has it: authorization code with PKCE, state and nonce (Authlib does the protocol).

What the provider says of itself (OpenID Connect Discovery) and its keys are kept for an hour; a token signed with a key that is not
among them has the keys fetched anew, at most once a minute. An ID token is believed only with an asymmetric signature, from this
issuer, for this client, not expired, and with the nonce of the very browser that comes back.
"""

import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode, urlsplit

import requests
from authlib.integrations.base_client import OAuthError  # type: ignore[import-untyped]  # Authlib carries no types
from authlib.integrations.requests_client import OAuth2Session  # type: ignore[import-untyped]
from authlib.oidc.core import CodeIDToken  # type: ignore[import-untyped]
from joserfc import jwt
from joserfc.errors import ClaimError, ExpiredTokenError, InvalidKeyIdError, JoseError
from joserfc.jwk import KeySet

from service.errors import CompanySignInUnavailable, NotSignedIn

ALGORITHMS = ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA", "Ed25519"]
_TIMEOUT = (5.0, 10.0)  # seconds to connect, and without a byte
_FRESH, _KEYS_AGAIN = 3600.0, 60.0
_LEEWAY = 60  # seconds the two clocks may differ
_WRONG = {
    "iss": "it is of another issuer",
    "aud": "it is meant for another program",
    "azp": "it is meant for another program",
    "nonce": "it belongs to another attempt",
    "iat": "it is of another time",
    "nbf": "it is of another time",
    "at_hash": "it belongs to another answer",
}


@dataclass(frozen=True)
class Claims:
    """What an ID token says. subject: who it is, for ever. amr: how they were authenticated (RFC 8176), where that is said."""

    issuer: str
    subject: str
    amr: object


class Provider:
    """The provider at `issuer`, to which this archive is `client_id`. secret: None for a public client.

    Methods raise CompanySignInUnavailable where it does not answer, or not as the standard says, and NotSignedIn where what it or the browser says
    is not believed.
    """

    def __init__(self, issuer: str, client_id: str, secret: str | None, back_to: str) -> None:
        self.issuer = issuer
        self._client_id, self._secret, self._back_to = client_id, secret, back_to
        self._lock = threading.Lock()
        self._metadata: tuple[float, dict[str, Any]] = (0.0, {})
        self._keys: tuple[float, KeySet | None] = (0.0, None)

    def address(self, state: str, nonce: str, verifier: str) -> str:
        """Return where to send the browser. verifier: of PKCE (RFC 7636), whose hash goes along."""
        endpoint = self._endpoint("authorization_endpoint")
        made, _state = self._client().create_authorization_url(
            endpoint, state=state, nonce=nonce, code_verifier=verifier
        )
        return str(made)

    def claims(self, answer: Mapping[str, str], nonce: str, verifier: str) -> Claims:
        """Return who came back, for what the browser brought in the address."""
        if "error" in answer:
            raise NotSignedIn(f"the company's sign-in refused: {_word(answer['error'])}")
        said = answer.get("iss")
        if said is not None and said != self.issuer:  # RFC 9207: the answer of another provider is mixed in
            raise NotSignedIn("the company's sign-in gave an answer that does not hold: it is of another issuer")
        if not answer.get("code"):
            raise NotSignedIn("the company's sign-in gave an answer that does not hold: it has no code")
        token = self._exchange(answer["code"], verifier)
        return self._believed(str(token.get("id_token") or ""), str(token.get("access_token") or ""), nonce)

    def leaving(self, back_to: str) -> str | None:
        """Return where a person signs out of the company's sign-in (RP-Initiated Logout); None where it has no such place."""
        if "end_session_endpoint" not in self._described():
            return None
        query = {"client_id": self._client_id, "post_logout_redirect_uri": back_to}
        endpoint = self._endpoint("end_session_endpoint")
        return f"{endpoint}{'&' if urlsplit(endpoint).query else '?'}{urlencode(query)}"

    def _client(self) -> Any:
        method = "none"
        if self._secret is not None:
            offered = self._described().get("token_endpoint_auth_methods_supported", ["client_secret_basic"])
            # In the body where that is taken: in the header, programs differ in how they write signs such as %.
            method = "client_secret_post" if "client_secret_post" in offered else "client_secret_basic"
        return OAuth2Session(
            self._client_id,
            self._secret,
            scope="openid",
            redirect_uri=self._back_to,
            code_challenge_method="S256",
            token_endpoint_auth_method=method,
        )

    def _exchange(self, code: str, verifier: str) -> Mapping[str, Any]:
        try:
            token: Mapping[str, Any] = self._client().fetch_token(
                self._endpoint("token_endpoint"),
                code=code,
                code_verifier=verifier,
                timeout=_TIMEOUT,
                allow_redirects=False,
            )
        except OAuthError as error:
            raise NotSignedIn(f"the company's sign-in refused: {_word(error.error)}") from error
        except (requests.RequestException, ValueError) as error:
            raise CompanySignInUnavailable("the company's sign-in does not answer; try again later") from error
        return token

    def _believed(self, id_token: str, access_token: str, nonce: str) -> Claims:
        try:
            try:
                token = jwt.decode(id_token, self._key_set(), algorithms=ALGORITHMS)
            except InvalidKeyIdError:
                token = jwt.decode(id_token, self._key_set(again=True), algorithms=ALGORITHMS)
            options = {
                "iss": {"essential": True, "value": self.issuer},
                "aud": {"essential": True, "value": self._client_id},
                "sub": {"essential": True},
                "exp": {"essential": True},
                "iat": {"essential": True},
                "nonce": {"essential": True, "value": nonce},
            }
            params = {"nonce": nonce, "client_id": self._client_id, "access_token": access_token}
            found = CodeIDToken(token.claims, token.header, options, params)
            found.validate(leeway=_LEEWAY)
        except (JoseError, ValueError, TypeError) as error:
            raise NotSignedIn(f"the company's sign-in gave an ID token that does not hold: {_why(error)}") from error
        subject = found["sub"]
        if not isinstance(subject, str) or not 0 < len(subject) <= 255:
            raise NotSignedIn("the company's sign-in gave an ID token that does not hold: it does not say who it is")
        return Claims(self.issuer, subject, found.get("amr"))

    def _described(self) -> dict[str, Any]:
        with self._lock:
            at, known = self._metadata
            if not known or time.monotonic() > at + _FRESH:
                known = _fetch(self.issuer.rstrip("/") + "/.well-known/openid-configuration")
                if known.get("issuer") != self.issuer:
                    raise CompanySignInUnavailable(
                        "the company's sign-in says that it is another issuer than the settings say"
                    )
                self._metadata = (time.monotonic(), known)
            return known

    def _endpoint(self, name: str) -> str:
        address = self._described().get(name)
        if not isinstance(address, str) or urlsplit(address).scheme != urlsplit(self.issuer).scheme:
            raise CompanySignInUnavailable(f"the company's sign-in does not say its {name}")
        return address

    def _key_set(self, *, again: bool = False) -> KeySet:
        endpoint = self._endpoint("jwks_uri")
        with self._lock:
            at, known = self._keys
            age = time.monotonic() - at
            if known is None or age > _FRESH or (again and age > _KEYS_AGAIN):
                try:
                    known = KeySet.import_key_set(_fetch(endpoint))  # type: ignore[arg-type]  # what it is, it checks itself
                except (JoseError, ValueError, TypeError, KeyError) as error:
                    raise CompanySignInUnavailable("the company's sign-in has keys that cannot be read") from error
                self._keys = (time.monotonic(), known)
            return known


def _fetch(address: str) -> dict[str, Any]:
    try:
        answer = requests.get(address, timeout=_TIMEOUT, allow_redirects=False)
        answer.raise_for_status()
        found = answer.json()
    except (requests.RequestException, ValueError) as error:
        raise CompanySignInUnavailable("the company's sign-in does not answer; try again later") from error
    if not isinstance(found, dict):
        raise CompanySignInUnavailable("the company's sign-in does not answer; try again later")
    return found


def _why(error: Exception) -> str:
    if isinstance(error, ExpiredTokenError):
        return "it has expired"
    if isinstance(error, ClaimError):
        return _WRONG.get(error.claim, f"its {_word(error.claim)} is wrong or missing")
    if isinstance(error, InvalidKeyIdError):
        return "it is signed with an unknown key"
    return "its signature is wrong"


def _word(text: object) -> str:
    """Return a word of the protocol that came from outside, as it may stand in a sentence."""
    return "".join(c for c in str(text)[:40] if c.isalnum() or c == "_")
