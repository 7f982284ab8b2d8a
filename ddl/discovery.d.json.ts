// Generated from discovery.json by "npm run ddl".
declare const ddl: {
  "$schema": "https://choria.io/schemas/mcorpc/ddl/v1/agent.json",
  "metadata": {
    "name": "discovery",
    "description": "Finds nodes, hands out the DDLs of their agents, and lists what a caller began",
    "author": "Troupe maintainers",
    "license": "Apache-2.0",
    "version": "1.1.0",
    "url": "https://github.com/troupe/troupe",
    "timeout": 10
  },
  "actions": [
    {
      "action": "ping",
      "description": "Answers whoever looks for nodes",
      "display": "always",
      "mutating": false,
      "input": {},
      "output": {
        "matched": {
          "description": "Whether the filter matches the node",
          "display_as": "Matched",
          "type": "boolean",
          "default": true
        }
      }
    },
    {
      "action": "ddl",
      "description": "Hands out the DDL of one of the node's agents",
      "display": "always",
      "mutating": false,
      "input": {
        "agent": {
          "prompt": "Agent",
          "description": "Name of the agent",
          "type": "string",
          "optional": false,
          "validation": "^[a-z0-9][a-z0-9_]*$",
          "maxlength": 63
        }
      },
      "output": {
        "ddl": {
          "description": "The DDL",
          "display_as": "DDL",
          "type": "hash"
        },
        "hash": {
          "description": "SHA-256 of the DDL, in hex",
          "display_as": "Hash",
          "type": "string"
        }
      }
    },
    {
      "action": "jobs",
      "description": "Lists what the node keeps of the caller's own requests, the newest first",
      "display": "always",
      "mutating": false,
      "input": {},
      "output": {
        "now": {
          "description": "The node's clock: milliseconds since 1970",
          "display_as": "Node's Clock",
          "type": "integer"
        },
        "jobs": {
          "description": "Each request: id, agent, action, collective, started and ended (milliseconds since 1970, null while it runs) and outcome",
          "display_as": "Jobs",
          "type": "array"
        }
      }
    }
  ]
};
export = ddl;
