import { ddlText } from './ddl.js';
import { readmeText, type Template } from './template.js';

/** An agent in Python 3, which Choria could run too. */
export const python: Template = (options) => {
  const { name } = options;
  return {
    [`${name}.json`]: { text: ddlText(options, true) },
    [name]: { text: agentText(options.description), isExecutable: true },
    [`test_${name}.py`]: { text: testText(name) },
    'README.md': {
      text: readmeText(options, {
        files: `\`${name}.json\` is the interface, \`${name}\` the agent, \`test_${name}.py\` its test`,
        test: 'python3 -m unittest',
        config: `external_agents: [{ ddl: './${name}/${name}.json' }]`,
      }),
    },
  };
};

const agentText = (description: string) => `#!/usr/bin/env python3
"""${description}. Speaks Choria's external agent protocol v1."""

import json
import os
import sys


class Failure(Exception):
    """The message and the status (1 to 5) of a failed reply."""

    def __init__(self, message, status=1):
        super().__init__(message)
        self.status = status


def say(data):
    if data["text"] == "nothing":
        raise Failure("there is nothing to say")
    print("returning", data["text"])  # standard output goes to the daemon's log
    return {"said": data["text"]}


ACTIONS = {"say": say}


def answer(request):
    if request["protocol"].endswith(".activation_request"):
        return {"activate": True}
    try:
        data = ACTIONS[request["action"]](request["data"])
        return {"statuscode": 0, "statusmsg": "OK", "data": data}
    except Failure as failure:
        return {"statuscode": failure.status, "statusmsg": str(failure), "data": {}}


def main():
    if "CHORIA_EXTERNAL_REQUEST" not in os.environ:
        sys.exit("This is a Troupe agent: it is run by mcod, not by hand.")
    with open(os.environ["CHORIA_EXTERNAL_REQUEST"], encoding="utf-8") as file:
        request = json.load(file)
    reply = answer(request)
    with open(os.environ["CHORIA_EXTERNAL_REPLY"], "w", encoding="utf-8") as file:
        json.dump(reply, file)


if __name__ == "__main__":
    main()
`;

const testText = (name: string) => `import json
import os
import subprocess
import tempfile
import unittest

AGENT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "${name}")
PROTOCOL = "io.choria.mcorpc.external.v1."


def run(message):
    """Runs the agent once, as a daemon does."""
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
        arguments = [AGENT, request, reply, message["protocol"]]
        subprocess.run(arguments, env=environment, cwd=folder, check=True, stdout=subprocess.DEVNULL)
        with open(reply, encoding="utf-8") as file:
            return json.load(file)


def call(action, **data):
    return run({"protocol": PROTOCOL + "rpc_request", "agent": "${name}", "action": action, "data": data})


class AgentTest(unittest.TestCase):
    def test_applies(self):
        request = {"protocol": PROTOCOL + "activation_request", "agent": "${name}"}
        self.assertEqual(run(request), {"activate": True})

    def test_returns_the_text(self):
        self.assertEqual(call("say", text="hello")["data"], {"said": "hello"})

    def test_rejects_invalid_input(self):
        reply = call("say", text="nothing")
        self.assertEqual((reply["statuscode"], reply["statusmsg"]), (1, "there is nothing to say"))


if __name__ == "__main__":
    unittest.main()
`;
