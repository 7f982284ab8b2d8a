// Generated from provisioner.json by "npm run ddl".
declare const ddl: {
  "$schema": "https://choria.io/schemas/mcorpc/ddl/v1/agent.json",
  "metadata": {
    "name": "provisioner",
    "description": "The provisioner on a host: pauses, resumes and tells what it does",
    "author": "Troupe maintainers",
    "license": "Apache-2.0",
    "version": "1.0.0",
    "url": "https://github.com/troupe/troupe",
    "timeout": 10
  },
  "actions": [
    {
      "action": "status",
      "description": "Whether it runs, whether it is paused, and the nodes that it has in hand",
      "mutating": false,
      "display": "always",
      "input": {},
      "output": {
        "running": { "description": "Whether it answers", "display_as": "Running", "type": "boolean" },
        "paused": {
          "description": "Whether no new node is begun",
          "display_as": "Paused",
          "type": "boolean"
        },
        "by": { "description": "Who paused it", "display_as": "By", "type": "string" },
        "since": { "description": "When it was paused, ISO 8601", "display_as": "Since", "type": "string" },
        "reason": {
          "description": "Why it is paused, or does not answer",
          "display_as": "Reason",
          "type": "string"
        },
        "owner": { "description": "The name of its leases", "display_as": "Owner", "type": "string" },
        "nodes": {
          "description": "The nodes in hand: identity, state, master, reason",
          "display_as": "Nodes",
          "type": "array"
        }
      }
    },
    {
      "action": "pause",
      "description": "Has no new node begun; what is under way is finished",
      "display": "always",
      "mutating": true,
      "input": {
        "reason": {
          "prompt": "Reason",
          "description": "Why, for whoever asks",
          "type": "string",
          "optional": true,
          "validation": "^[^\\x00-\\x1f\\x7f]*$",
          "maxlength": 300
        }
      },
      "output": {
        "paused": {
          "description": "Whether no new node is begun",
          "display_as": "Paused",
          "type": "boolean"
        },
        "since": { "description": "When it was paused, ISO 8601", "display_as": "Since", "type": "string" },
        "changed": {
          "description": "Whether it was not paused before",
          "display_as": "Changed",
          "type": "boolean"
        }
      }
    },
    {
      "action": "resume",
      "description": "Has nodes begun again",
      "display": "always",
      "mutating": true,
      "input": {},
      "output": {
        "paused": {
          "description": "Whether no new node is begun",
          "display_as": "Paused",
          "type": "boolean"
        },
        "changed": {
          "description": "Whether it was paused before",
          "display_as": "Changed",
          "type": "boolean"
        }
      }
    }
  ]
};
export = ddl;
