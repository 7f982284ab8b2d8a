#!/usr/bin/python3
"""Checks protocol.py with the test vectors of docs/protocol.md."""
import argparse, json
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from protocol import SessionKey, canonical, ddl_hash, decode, fingerprint, offer, sha256, sign, verify

words = argparse.ArgumentParser(description=__doc__)
words.add_argument("file", help="docs/reference/protocol-vectors.json")
vectors = json.load(open(words.parse_args().file))

for each in vectors["canonicalJson"]:
    assert canonical(json.loads(each["json"])) == each["canonical"], each["json"]
    assert sha256(each["canonical"].encode()) == each["sha256"], each["json"]
assert ddl_hash(vectors["ddl"]["ddl"]) == vectors["ddl"]["hash"]

ca, pairs, ends = x509.load_pem_x509_certificate(vectors["ca"].encode()), {}, {}
for name in ("caller", "node"):
    certificate = x509.load_pem_x509_certificate(vectors[name]["certificate"].encode())
    assert fingerprint(certificate) == vectors[name]["fingerprint"], name
    pairs[name] = X25519PrivateKey.from_private_bytes(decode(vectors["sessionKey"][name]["d"]))
    ends[name] = fingerprint(certificate), offer(pairs[name])["x"]
    assert ends[name][1] == vectors["sessionKey"][name]["x"], name

for own, other in (("caller", "node"), ("node", "caller")):
    key, wanted = SessionKey(pairs[own], ends[other][1], ends["caller"], ends["node"]), vectors["sessionKey"]
    assert (key.context, key.kid) == (wanted["context"], wanted["kid"]), own
    keys = key.of_caller, key.of_node, key.secrets_of_caller, key.secrets_of_node
    names = "messagesOfCaller", "messagesOfNode", "secretsOfCaller", "secretsOfNode"
    assert [each.hex() for each in keys] == [wanted["keys"][name] for name in names], own
for name, secrets in (("caller", key.secrets_of_caller), ("node", key.secrets_of_node)):
    secret = vectors["secrets"][name]
    assert key.encrypt(secret["plaintext"].encode(), secrets, bytes.fromhex(secret["iv"])) == secret["jwe"], name
    assert key.decrypt(secret["jwe"], secrets).decode() == secret["plaintext"], name
for refused in vectors["refusedSecrets"]:
    try: key.decrypt(refused["jwe"], key.secrets_of_caller)
    except Exception: continue
    raise AssertionError(refused["why"])

for each in vectors["call"][:2]:  # The signed ones.
    own = vectors[each["from"]]
    leaf, _, message = verify(each["jws"], ca)
    assert message == json.loads(each["payload"]) and fingerprint(leaf) == own["fingerprint"], each["payload"]
    private_key = load_pem_private_key(own["key"].encode(), None)
    assert sign(each["payload"].encode(), leaf, private_key, {"epk": offer(pairs[each["from"]])}) == each["jws"], each["payload"]
print("all vectors are right")
