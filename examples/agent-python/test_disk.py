"""Runs the agent as a daemon does: python3 -m unittest"""

import json
import os
import subprocess
import tempfile
import unittest

AGENT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "disk")
PROTOCOL = "io.choria.mcorpc.external.v1."


def run(message):
    with tempfile.TemporaryDirectory() as folder:
        request, reply = os.path.join(folder, "request"), os.path.join(folder, "reply")
        with open(request, "w", encoding="utf-8") as file:
            json.dump(message, file)
        with open(reply, "w", encoding="utf-8"):
            pass
        environment = {
            "CHORIA_EXTERNAL_REQUEST": request,
            "CHORIA_EXTERNAL_REPLY": reply,
            "CHORIA_EXTERNAL_PROTOCOL": message["protocol"],
            "PATH": os.environ["PATH"],
        }
        subprocess.run([AGENT, request, reply, message["protocol"]], env=environment, cwd=folder, check=True)
        with open(reply, encoding="utf-8") as file:
            return json.load(file)


def call(action, **data):
    return run({"protocol": PROTOCOL + "rpc_request", "agent": "disk", "action": action, "data": data})


class Disk(unittest.TestCase):
    def test_is_active(self):
        self.assertEqual(run({"protocol": PROTOCOL + "activation_request", "agent": "disk"}), {"activate": True})

    def test_usage(self):
        reply = call("usage", path="/")
        self.assertEqual(reply["statuscode"], 0)
        self.assertTrue(0 <= reply["data"]["percent"] <= 100)

    def test_digest(self):
        with tempfile.NamedTemporaryFile() as file:
            file.write(b"hello")
            file.flush()
            reply = call("digest", file=file.name)
        self.assertEqual(reply["data"]["size"], 5)
        self.assertTrue(reply["data"]["sha256"].startswith("2cf24dba5fb0a30e"))

    def test_missing_file(self):
        reply = call("digest", file="/nonexistent")
        self.assertEqual(reply["statuscode"], 4)
        self.assertEqual(reply["statusmsg"], "/nonexistent: No such file or directory")


if __name__ == "__main__":
    unittest.main()
