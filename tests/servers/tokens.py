"""A token issuer for tests.

It gives signed JSON Web Tokens (RFC 7519) and the key set (RFC 7517) with which a broker checks them.
"""

import json
import time
from base64 import urlsafe_b64encode
from pathlib import Path
from typing import Any, Final

from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key
from cryptography.hazmat.primitives.hashes import SHA256

ISSUER: Final = "https://tokens.test"
AUDIENCE: Final = "kafka"
KEY_ID: Final = "tests"


class TokenIssuer:
    """Issues tokens. One issuer's tokens are not valid where another's key set is used.

    Args:
        folder: for the key set.

    Attributes:
        key_set: the file with the public key (JWKS).
    """

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._key = generate_private_key(public_exponent=65537, key_size=2048)
        numbers = self._key.public_key().public_numbers()
        n, e = (_base64(number.to_bytes((number.bit_length() + 7) // 8)) for number in (numbers.n, numbers.e))
        key = {"kty": "RSA", "kid": KEY_ID, "use": "sig", "alg": "RS256", "n": n, "e": e}
        self.key_set = folder / "jwks.json"
        self.key_set.write_text(json.dumps({"keys": [key]}))

    def token(self, subject: str, lifetime_s: float = 3600, *, audience: str = AUDIENCE) -> str:
        """Gives a token, signed with RS256. `subject` is the user; with a negative lifetime it has expired."""
        now = time.time()
        claims = {
            "iss": ISSUER,
            "aud": audience,
            "sub": subject,
            "scope": "kafka",
            "iat": int(now + min(lifetime_s, 0) - 1),
            "exp": int(now + lifetime_s),
        }
        signed = ".".join(_part(part) for part in ({"alg": "RS256", "typ": "JWT", "kid": KEY_ID}, claims))
        return f"{signed}.{_base64(self._key.sign(signed.encode(), PKCS1v15(), SHA256()))}"


def _part(content: dict[str, Any]) -> str:
    return _base64(json.dumps(content).encode())


def _base64(content: bytes) -> str:
    return urlsafe_b64encode(content).rstrip(b"=").decode()
