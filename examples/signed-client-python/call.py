#!/usr/bin/python3
"""Makes a signed call of one action on one node through Mosquitto, as docs/protocol.md describes, without code of Troupe."""
import argparse, json, queue, secrets, sys, time
import paho.mqtt.client as mqtt
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from protocol import SessionKey, common_name, ddl_hash, fingerprint, offer, sign, verify

words = argparse.ArgumentParser(description=__doc__)
for name in ("--host", "--ca", "--certificate", "--key"):
    words.add_argument(name, required=True)
words.add_argument("--port", type=int, default=8884, help="port of the listener for callers (default: 8884)")
words.add_argument("--collective", default="mcollective")
words.add_argument("--ddl", help="file of the agent's DDL (default: the node is asked for it)")
words.add_argument("--seconds", type=float, default=30, help="how long to wait for the result (default: 30)")
words.add_argument("node"); words.add_argument("agent"); words.add_argument("action")
words.add_argument("input", nargs="*", metavar="NAME=VALUE", help="input; VALUE is JSON or, if it is not valid JSON, a string; @FILE is the content of a file")
args = words.parse_args()

def read(file): return open(file, "rb").read()

def value(text):
    if text.startswith("@"): return read(text[1:]).decode().rstrip("\n")
    try: return json.loads(text)
    except ValueError: return text

ca = x509.load_pem_x509_certificate(read(args.ca))
own = x509.load_pem_x509_certificate(read(args.certificate))
key = load_pem_private_key(read(args.key), None)
pair = X25519PrivateKey.generate()
caller, session = common_name(own), f"v2-{secrets.token_hex(8)}"
given = {name: value(text) for name, _, text in (each.partition("=") for each in args.input)}
topic = f"mco/{args.collective}/node/{args.node}"
until = time.time() + args.seconds
agreed = None  # The session key, as soon as the node has offered its half.

received, subscribed = queue.Queue(), queue.Queue()
api = [mqtt.CallbackAPIVersion.VERSION2] if hasattr(mqtt, "CallbackAPIVersion") else []  # Since paho-mqtt 2.
client = mqtt.Client(*api, client_id=f"{caller}:{secrets.token_hex(8)}")  # Not the session, which nodes know.
client.tls_set(args.ca, args.certificate, args.key)
client.on_connect = lambda *_: client.subscribe(f"mco/{args.collective}/reply/{caller}/{session}/#", qos=0)
client.on_subscribe = lambda *_: subscribed.put(True)
client.on_message = lambda _client, _data, message: received.put(message)

def accept(message):  # An authentic reply of the node, or nothing.
    global agreed
    try: leaf, header, reply = verify(message.payload.decode(), ca)
    except Exception as fault: return print(f"reply rejected: {fault!r}", file=sys.stderr)
    names = {common_name(leaf), reply["sender"], message.topic.split("/")[-1]}  # The signer, the sender in the message, the node whose topic it came on.
    if names != {args.node} or (reply["caller"], reply["session"]) != (caller, session): return None
    if "epk" in header:
        node = fingerprint(leaf), header["epk"]["x"]
        agreed = SessionKey(pair, node[1], (fingerprint(own), offer(pair)["x"]), node)
    return reply

def show(data): print(json.dumps(data), flush=True)
def new_id(): return secrets.token_hex(16)

wanted = {"agent": args.agent, "action": args.action}

def result(identifier, parts, on_progress=None):  # Sends a request until its result arrives.
    """`parts()` is called again for a busy node: it may have been restarted, and then has another session key."""
    def send():
        message = json.dumps({
            "v": 2, "type": "request", "id": identifier, "time": int(time.time() * 1000), "ttl": 60, "caller": caller,
            "session": session, "collective": args.collective, "targets": [args.node],
            "filter": {"facts": [], "classes": [], "agents": [], "identities": [], "compound": []}, **parts(),
        })
        text = sign(message.encode(), own, key, {"epk": offer(pair)})
        client.publish(topic, text)
        return text
    sent, numbers = send(), set()
    while time.time() < until:
        try: message = received.get(timeout=2)
        except queue.Empty:  # The same bytes again in case they were lost; the node runs one id once, and repeats its replies.
            client.publish(topic, sent)
            continue
        reply = accept(message)
        if not reply or reply["id"] != identifier or reply["seq"] in numbers: continue
        if reply.get("outcome") == "busy":  # It has run and kept nothing.
            time.sleep(1)
            sent, numbers = send(), set()
            continue
        numbers.add(reply["seq"])
        if reply["kind"] == "progress" and on_progress: on_progress(reply["data"])
        if reply["kind"] == "result": return reply
    sys.exit(f"no reply from {args.node} within {args.seconds:g} seconds")

def end(reply):
    data = dict(reply["data"])
    if "secret" in reply: data.update(json.loads(agreed.decrypt(reply["secret"], agreed.secrets_of_node)))
    print(json.dumps({**{name: reply[name] for name in ("sender", "outcome", "statuscode", "statusmsg")}, "data": data}))
    sys.exit(0 if reply["outcome"] == "ok" else 2)

def fetch_ddl():  # Requests to the agent discovery need no DDL.
    parts = {"agent": "discovery", "action": "ddl", "input": {"agent": args.agent}}
    reply = result(new_id(), lambda: parts)
    return reply["data"]["ddl"] if reply["outcome"] == "ok" else end(reply)

def call(identifier, ddl, stated):
    action = next((each for each in ddl["actions"] if each["action"] == args.action), {"input": {}})
    hidden = {name for name in given if action["input"].get(name, {}).get("secret")}
    def parts():
        more = {"ddl": stated, "input": {name: given[name] for name in given if name not in hidden}}
        if hidden:
            plaintext = json.dumps({name: given[name] for name in hidden}).encode()
            more["secret"] = agreed.encrypt(plaintext, agreed.secrets_of_caller)
        return {**wanted, **more}
    return result(identifier, parts, show)

client.connect(args.host, args.port)
client.loop_start()
try: subscribed.get(timeout=args.seconds)
except queue.Empty: sys.exit(f"no connection to the broker within {args.seconds:g} seconds")
if args.agent == "discovery": end(result(new_id(), lambda: {**wanted, "input": given}, show))
# Neither input nor hash: the node can only state the hash of its DDL. Its reply also offers its half of a session key.
reply = result(new_id(), lambda: {**wanted, "input": {}})
identifier = new_id()
for _ in range(3):
    if reply["outcome"] != "ddl-mismatch": break  # Such as denied, unsupported, or an unknown agent.
    stated = reply["ddl"]["hash"]
    ddl = json.loads(read(args.ddl)) if args.ddl else fetch_ddl()
    if ddl_hash(ddl) != stated: sys.exit(f"the DDL of {args.agent} is not the one that {args.node} has: its hash there is {stated}")
    reply = call(identifier, ddl, stated)
end(reply)
