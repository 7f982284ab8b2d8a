#!/usr/bin/python3
"""Makes a signed call of one action on one node through Mosquitto, as docs/protocol.md describes, without code of Troupe."""
import argparse, base64, datetime, json, queue, secrets, sys, time
import paho.mqtt.client as mqtt
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, load_pem_private_key

words = argparse.ArgumentParser(description=__doc__)
for name in ("--host", "--ca", "--certificate", "--key"):
    words.add_argument(name, required=True)
words.add_argument("--port", type=int, default=8884, help="port of the listener for callers (default: 8884)")
words.add_argument("--collective", default="mcollective")
words.add_argument("--seconds", type=float, default=30, help="how long to wait for the result (default: 30)")
words.add_argument("node"); words.add_argument("agent"); words.add_argument("action")
words.add_argument("input", nargs="*", metavar="NAME=VALUE", help="input; VALUE is JSON or, if it is not valid JSON, a string")
args = words.parse_args()

def read(file): return open(file, "rb").read()
def encode(data): return base64.urlsafe_b64encode(data).rstrip(b"=")
def decode(text): return base64.urlsafe_b64decode(text + b"=" * (-len(text) % 4))
def common_name(certificate): return certificate.subject.get_attributes_for_oid(x509.NameOID.COMMON_NAME)[0].value

def utc(certificate, date):  # Since cryptography 42 the dates with a time zone have names of their own.
    return getattr(certificate, f"{date}_utc", None) or getattr(certificate, date).replace(tzinfo=datetime.timezone.utc)

def value(text):
    try: return json.loads(text)
    except ValueError: return text

ca = x509.load_pem_x509_certificate(read(args.ca))
own = x509.load_pem_x509_certificate(read(args.certificate))
key = load_pem_private_key(read(args.key), None)

def sign(message):  # A JWS in compact form, RFC 7515; the certificate travels with it.
    x5c = base64.b64encode(own.public_bytes(Encoding.DER)).decode()
    parts = ({"alg": "RS256", "typ": "troupe+jws", "x5c": [x5c]}, message)
    text = b".".join(encode(json.dumps(part).encode()) for part in parts)
    return text + b"." + encode(key.sign(text, PKCS1v15(), SHA256()))

def verify(jws):  # Throws unless the CA has certified the signer; returns the certified name and the message.
    header, payload, signature = jws.split(b".")
    known = json.loads(decode(header))
    if known["alg"] != "RS256" or known["typ"] != "troupe+jws": raise ValueError("not a message for RSA keys")
    leaf = x509.load_der_x509_certificate(base64.b64decode(known["x5c"][0]))
    ca.public_key().verify(leaf.signature, leaf.tbs_certificate_bytes, PKCS1v15(), leaf.signature_hash_algorithm)
    now = datetime.datetime.now(datetime.timezone.utc)
    if not utc(leaf, "not_valid_before") <= now <= utc(leaf, "not_valid_after"): raise ValueError("expired")
    leaf.public_key().verify(decode(signature), header + b"." + payload, PKCS1v15(), SHA256())
    return common_name(leaf), json.loads(decode(payload))

caller, session, identifier = common_name(own), secrets.token_hex(8), secrets.token_hex(16)
request = sign({
    "v": 1, "type": "request", "id": identifier, "time": int(time.time() * 1000), "ttl": 60, "caller": caller,
    "session": session, "collective": args.collective, "agent": args.agent, "action": args.action,
    "filter": {"facts": [], "classes": [], "agents": [], "identities": [], "compound": []},
    "targets": [args.node], "input": {name: value(text) for name, _, text in (each.partition("=") for each in args.input)},
})
received = queue.Queue()
api = [mqtt.CallbackAPIVersion.VERSION2] if hasattr(mqtt, "CallbackAPIVersion") else []  # Since paho-mqtt 2.
client = mqtt.Client(*api, client_id=f"{caller}:{session}")
client.tls_set(args.ca, args.certificate, args.key)
client.on_connect = lambda *_: client.subscribe(f"mco/{args.collective}/reply/{caller}/{session}/#", qos=0)
client.on_subscribe = lambda *_: client.publish(f"mco/{args.collective}/node/{args.node}", request)
client.on_message = lambda _client, _data, message: received.put(message)
client.connect(args.host, args.port)
client.loop_start()
until, numbers = time.time() + args.seconds, set()
while time.time() < until:
    try: message = received.get(timeout=2)
    except queue.Empty:  # The request is repeated in case it was lost; the node runs one id once, and repeats its replies.
        client.publish(f"mco/{args.collective}/node/{args.node}", request)
        continue
    try: sender, reply = verify(message.payload)
    except Exception as fault: print(f"reply rejected: {fault!r}", file=sys.stderr); continue
    names = {sender, reply["sender"], message.topic.split("/")[-1]}  # The signer, the sender in the message, the node whose topic it came on.
    if names != {args.node} or (reply["id"], reply["session"]) != (identifier, session): continue
    if reply.get("outcome") == "busy" or reply["seq"] in numbers: continue
    numbers.add(reply["seq"])
    if reply["kind"] == "progress": print(json.dumps(reply["data"]), flush=True)
    if reply["kind"] == "result":
        print(json.dumps({name: reply[name] for name in ("sender", "outcome", "statuscode", "statusmsg", "data")}))
        sys.exit(0 if reply["outcome"] == "ok" else 2)
sys.exit(f"no reply from {args.node} within {args.seconds:g} seconds")
