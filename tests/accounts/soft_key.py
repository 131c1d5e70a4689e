"""A passkey in software: makes and shows keys as a browser with an authenticator does, and lies where it is told to."""

from __future__ import annotations

import hashlib
import json
import secrets
from base64 import urlsafe_b64decode, urlsafe_b64encode
from typing import Any

import cbor2
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256

PRESENT, VERIFIED, ATTACHED = 1, 4, 64


def b64(data: bytes) -> str:
    """As WebAuthn spells bytes in JSON."""
    return urlsafe_b64encode(data).rstrip(b"=").decode()


def unb64(text: str) -> bytes:
    """The bytes again."""
    return urlsafe_b64decode(text + "=" * (-len(text) % 4))


class SoftKey:
    """One key; `count` stays 0, as that of synced keys."""

    def __init__(self, origin: str = "http://localhost", host: str = "localhost"):
        self.origin, self.host, self.count = origin, host, 0
        self.private = ec.generate_private_key(ec.SECP256R1())
        self.id, self.handle = secrets.token_bytes(32), b""

    def make(self, options: str, **lies: Any) -> str:
        """Answers creation options; `lies` change the flags, the origin, the challenge or the host."""
        asked = json.loads(options)
        self.handle = unb64(asked["user"]["id"])
        point = self.private.public_key().public_numbers()
        cose = cbor2.dumps({1: 2, 3: -7, -1: 1, -2: point.x.to_bytes(32, "big"), -3: point.y.to_bytes(32, "big")})
        attached = bytes(16) + len(self.id).to_bytes(2, "big") + self.id + cose
        flags = lies.get("flags", PRESENT | VERIFIED) | ATTACHED
        data = self._data(flags, lies.get("host", self.host)) + attached
        attestation = cbor2.dumps({"fmt": "none", "attStmt": {}, "authData": data})
        told = self._told("webauthn.create", asked, lies)
        return self._answer({"clientDataJSON": b64(told), "attestationObject": b64(attestation)})

    def show(self, options: str, **lies: Any) -> str:
        """Answers request options."""
        asked = json.loads(options)
        data = self._data(lies.get("flags", PRESENT | VERIFIED), lies.get("host", self.host))
        told = self._told("webauthn.get", asked, lies)
        signed = self.private.sign(data + hashlib.sha256(told).digest(), ec.ECDSA(SHA256()))
        handle = lies.get("handle", self.handle)
        return self._answer({"clientDataJSON": b64(told), "authenticatorData": b64(data), "signature": b64(signed),
                             "userHandle": b64(handle) if handle is not None else None})  # fmt: skip

    def _data(self, flags: int, host: str) -> bytes:
        return hashlib.sha256(host.encode()).digest() + bytes([flags]) + self.count.to_bytes(4, "big")

    def _told(self, kind: str, asked: dict[str, Any], lies: dict[str, Any]) -> bytes:
        told = {"type": kind, "challenge": lies.get("challenge", asked["challenge"]),
                "origin": lies.get("origin", self.origin), "crossOrigin": False}  # fmt: skip
        return json.dumps(told).encode()

    def _answer(self, response: dict[str, Any]) -> str:
        return json.dumps({"id": b64(self.id), "rawId": b64(self.id), "type": "public-key", "response": response,
                           "clientExtensionResults": {}})  # fmt: skip
