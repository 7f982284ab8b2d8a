"""The part of docs/protocol.md that a caller with an RSA certificate needs, without code of Troupe."""
import base64, datetime, decimal, hashlib, json, os, re
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat


def encode(data): return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def decode(text):
    data = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    if encode(data) != text: raise ValueError("not in the canonical spelling of base64url")
    return data


def canonical(value):  # RFC 8785: keys in the order of their UTF-16 code units, numbers as JavaScript writes them.
    if isinstance(value, dict):
        keys = sorted(value, key=lambda key: key.encode("utf-16-be"))
        return "{" + ",".join(f"{canonical(key)}:{canonical(value[key])}" for key in keys) + "}"
    if isinstance(value, list): return "[" + ",".join(map(canonical, value)) + "]"
    if isinstance(value, (int, float)) and not isinstance(value, bool): return number(float(value))
    return json.dumps(value, ensure_ascii=False)


def number(value):
    if value == 0: return "0"
    if not 1e-6 <= abs(value) < 1e21: return re.sub(r"e([+-])0+", r"e\1", repr(value))
    text = format(decimal.Decimal(repr(value)), "f")
    return text[:-2] if text.endswith(".0") else text


def sha256(data): return hashlib.sha256(data).hexdigest()
def ddl_hash(ddl): return sha256(canonical(ddl).encode())
def fingerprint(certificate): return sha256(certificate.public_bytes(Encoding.DER))
def common_name(certificate): return certificate.subject.get_attributes_for_oid(x509.NameOID.COMMON_NAME)[0].value


def utc(certificate, date):  # Since cryptography 42 the dates with a time zone have names of their own.
    return getattr(certificate, f"{date}_utc", None) or getattr(certificate, date).replace(tzinfo=datetime.timezone.utc)


def sign(payload, certificate, key, more):  # A JWS in compact form, RFC 7515; the certificate travels with it.
    x5c = base64.b64encode(certificate.public_bytes(Encoding.DER)).decode()
    header = json.dumps({"alg": "RS256", "typ": "troupe+jws", "x5c": [x5c], **more}, separators=(",", ":"))
    text = f"{encode(header.encode())}.{encode(payload)}"
    return f"{text}.{encode(key.sign(text.encode(), PKCS1v15(), SHA256()))}"


def verify(jws, ca):  # Throws unless the CA has certified the signer; returns the certificate, the header and the message.
    header, payload, signature = jws.split(".")
    known = json.loads(decode(header))
    if known["alg"] != "RS256" or known["typ"] != "troupe+jws": raise ValueError("not a message for RSA keys")
    leaf = x509.load_der_x509_certificate(base64.b64decode(known["x5c"][0], validate=True))
    ca.public_key().verify(leaf.signature, leaf.tbs_certificate_bytes, PKCS1v15(), leaf.signature_hash_algorithm)
    now = datetime.datetime.now(datetime.timezone.utc)
    if not utc(leaf, "not_valid_before") <= now <= utc(leaf, "not_valid_after"): raise ValueError("expired")
    leaf.public_key().verify(decode(signature), f"{header}.{payload}".encode(), PKCS1v15(), SHA256())
    return leaf, known, json.loads(decode(payload))


def offer(private_key):  # The header's epk.
    raw = private_key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
    return {"kty": "OKP", "crv": "X25519", "x": encode(raw)}


class SessionKey:
    """What a caller and a node agree on; both are given as (fingerprint, x)."""

    def __init__(self, private_key, offered, caller, node):
        self.context = "\n".join(["troupe session key 1", *caller, *node])
        context = self.context.encode()
        self.kid = encode(hashlib.sha256(context).digest()[:16])
        secret = private_key.exchange(X25519PublicKey.from_public_bytes(decode(offered)))
        keys = HKDF(SHA256(), 128, salt=None, info=context).derive(secret)
        self.of_caller, self.of_node, self.secrets_of_caller, self.secrets_of_node = (keys[at:at + 32] for at in (0, 32, 64, 96))
        self.header = encode(json.dumps({"alg": "dir", "enc": "A256GCM", "kid": self.kid}, separators=(",", ":")).encode())

    def encrypt(self, plaintext, key, iv=None):  # A JWE in compact form, RFC 7516.
        iv = iv or os.urandom(12)
        sealed = AESGCM(key).encrypt(iv, plaintext, self.header.encode())
        return f"{self.header}..{encode(iv)}.{encode(sealed[:-16])}.{encode(sealed[-16:])}"

    def decrypt(self, jwe, key):
        header, none, iv, ciphertext, tag = jwe.split(".")
        if (header, none) != (self.header, ""): raise ValueError("encrypted with another key")
        if (len(decode(iv)), len(decode(tag))) != (12, 16): raise ValueError("another iv or tag")
        return AESGCM(key).decrypt(decode(iv), decode(ciphertext) + decode(tag), self.header.encode())
