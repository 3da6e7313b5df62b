"""Passwords of the broker's users, and mosquitto's file of their hashes."""

import base64
import hashlib
import secrets

#: The number that mosquitto's own program uses. The broker repeats them for every connection, and a
#: password of 192 random bits cannot be guessed at any speed.
_N_ITERATIONS = 101
_N_SALT_BYTES = 12


def new_password() -> str:
    """Return a new password of 192 random bits."""
    return secrets.token_urlsafe(24)


def hashed(password: str) -> str:
    """Return a password in the form of mosquitto's password file (PBKDF2 with SHA-512)."""
    salt = secrets.token_bytes(_N_SALT_BYTES)
    digest = hashlib.pbkdf2_hmac("sha512", password.encode(), salt, _N_ITERATIONS)
    salt_text, digest_text = (base64.b64encode(each).decode() for each in (salt, digest))
    return f"$7${_N_ITERATIONS}${salt_text}${digest_text}"
