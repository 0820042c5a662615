"""What the first reference does for one login, as a program of its own: PyJWT, requests, a file cache.

usage: baseline.py ISSUER AUDIENCE USER CACHE_DIRECTORY CA_FILE LOGIN_FIELD ALGORITHM <token

The JWKS of ISSUER are read from CACHE_DIRECTORY while they are younger than an hour, otherwise they
are fetched by way of the discovery document. Exit status 0: the token is good and its LOGIN_FIELD is
USER.
"""

import hashlib
import json
import os
import sys
import tempfile
import time

import jwt
import requests

CACHE_TTL = 3600
TIMEOUT = 10


def get_json(url, ca_file):
    if not url.startswith("https://"):
        raise ValueError("not an https URL: " + url)
    response = requests.get(url, timeout=TIMEOUT, verify=ca_file, allow_redirects=False)
    if response.status_code != 200:
        raise ValueError("status %d from %s" % (response.status_code, url))
    return response.json()


def fetch_jwks(issuer, ca_file):
    metadata = get_json(issuer + "/.well-known/openid-configuration", ca_file)
    if metadata["issuer"] != issuer:
        raise ValueError("the discovery document is of another issuer")
    return get_json(metadata["jwks_uri"], ca_file)


def cached_jwks(issuer, directory, ca_file):
    folder = os.path.join(directory, hashlib.sha256(issuer.encode()).hexdigest()[:16])
    path = os.path.join(folder, "jwks.json")
    try:
        if time.time() - os.stat(path).st_mtime < CACHE_TTL:
            with open(path) as file:
                return json.load(file)
    except (OSError, ValueError):
        pass
    jwks = fetch_jwks(issuer, ca_file)
    os.makedirs(folder, mode=0o700, exist_ok=True)
    handle, fresh = tempfile.mkstemp(dir=folder)
    with os.fdopen(handle, "w") as file:
        json.dump(jwks, file)
    os.rename(fresh, path)
    return jwks


def verify(token, issuer, audience, directory, ca_file, algorithm):
    header = jwt.get_unverified_header(token)
    if header.get("alg") != algorithm:
        raise ValueError("algorithm not allowed")
    for key in cached_jwks(issuer, directory, ca_file)["keys"]:
        if key.get("kid") == header.get("kid"):
            return jwt.decode(
                token,
                jwt.PyJWK(key, algorithm).key,
                algorithms=[algorithm],
                issuer=issuer,
                audience=audience,
                options={"require": ["exp", "iat", "iss", "aud"]},
            )
    raise ValueError("no key of that kid")


def main():
    issuer, audience, user, directory, ca_file, login_field, algorithm = sys.argv[1:]
    try:
        token = sys.stdin.read().strip(" \r\n\0")  # pam_exec ends it with a NUL
        claims = verify(token, issuer, audience, directory, ca_file, algorithm)
    except Exception as error:
        print("refused: %s" % error, file=sys.stderr)
        return 1
    return 0 if claims.get(login_field) == user else 1


sys.exit(main())
