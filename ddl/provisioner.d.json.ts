// Generated from provisioner.json by "npm run ddl".
declare const ddl: {
  "$schema": "https://choria.io/schemas/mcorpc/ddl/v1/agent.json",
  "metadata": {
    "name": "provisioner",
    "description": "The provisioner on this host: status, pause and resume",
    "author": "Troupe maintainers",
    "license": "Apache-2.0",
    "version": "1.1.0",
    "url": "https://github.com/troupe/troupe",
    "timeout": 10
  },
  "actions": [
    {
      "action": "status",
      "description": "Shows whether the provisioner runs, whether it is paused, the nodes in progress, and what is owed to masters",
      "mutating": false,
      "display": "always",
      "input": {},
      "output": {
        "running": {
          "description": "Whether the provisioner is running",
          "display_as": "Running",
          "type": "boolean"
        },
        "paused": {
          "description": "Whether the provisioner is paused: it starts no new nodes",
          "display_as": "Paused",
          "type": "boolean"
        },
        "by": { "description": "Caller that paused it", "display_as": "By", "type": "string" },
        "since": { "description": "When it was paused, ISO 8601", "display_as": "Since", "type": "string" },
        "reason": {
          "description": "Reason for the pause, or why the status cannot be read",
          "display_as": "Reason",
          "type": "string"
        },
        "owner": { "description": "Owner of its leases", "display_as": "Owner", "type": "string" },
        "nodes": {
          "description": "Nodes in progress: identity, state, master, reason",
          "display_as": "Nodes",
          "type": "array"
        },
        "masters_away": {
          "description": "Known masters that do not reply: identity, since",
          "display_as": "Masters Away",
          "type": "array"
        },
        "debts": {
          "description": "The oldest cleanings of CAs that are still to be done, at most 100: certname, identity, master, since, reason",
          "display_as": "Debts",
          "type": "array"
        },
        "debts_total": {
          "description": "Number of cleanings of CAs that are still to be done",
          "display_as": "Number of Debts",
          "type": "integer"
        },
        "notifications": {
          "description": "Notifications that are not sent to every recipient yet: waiting (their number), oldest_since, and reason, why the last attempt failed",
          "display_as": "Notifications",
          "type": "hash"
        },
        "arrivals": {
          "description": "Machines that arrived and are not done, or that the broker refuses, at most 300, those in trouble first: identity, collective, state, reason, since, count, address",
          "display_as": "Arrivals",
          "type": "array"
        },
        "arrivals_total": {
          "description": "Number of machines that arrived and are not done, or that the broker refuses",
          "display_as": "Number of Arrivals",
          "type": "integer"
        }
      }
    },
    {
      "action": "pause",
      "description": "Pauses the provisioner: it starts no new nodes and finishes those in progress",
      "display": "always",
      "mutating": true,
      "input": {
        "reason": {
          "prompt": "Reason",
          "description": "Reason for the pause, shown by status",
          "type": "string",
          "optional": true,
          "validation": "^[^\\x00-\\x1f\\x7f]*$",
          "maxlength": 300
        }
      },
      "output": {
        "paused": {
          "description": "Whether the provisioner is paused: it starts no new nodes",
          "display_as": "Paused",
          "type": "boolean"
        },
        "since": { "description": "When it was paused, ISO 8601", "display_as": "Since", "type": "string" },
        "changed": {
          "description": "Whether the state changed: it was not paused before",
          "display_as": "Changed",
          "type": "boolean"
        }
      }
    },
    {
      "action": "resume",
      "description": "Resumes the provisioner: it starts new nodes again",
      "display": "always",
      "mutating": true,
      "input": {},
      "output": {
        "paused": {
          "description": "Whether the provisioner is paused: it starts no new nodes",
          "display_as": "Paused",
          "type": "boolean"
        },
        "changed": {
          "description": "Whether the state changed: it was paused before",
          "display_as": "Changed",
          "type": "boolean"
        }
      }
    }
  ]
};
export = ddl;
