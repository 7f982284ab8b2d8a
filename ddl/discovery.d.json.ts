// Generated from discovery.json by "npm run ddl".
declare const ddl: {
  "$schema": "https://choria.io/schemas/mcorpc/ddl/v1/agent.json",
  "metadata": {
    "name": "discovery",
    "description": "Replies to discovery requests, returns the DDLs of agents, and lists the caller's requests",
    "author": "Troupe maintainers",
    "license": "Apache-2.0",
    "version": "1.1.0",
    "url": "https://github.com/troupe/troupe",
    "timeout": 10
  },
  "actions": [
    {
      "action": "ping",
      "description": "Replies to discovery requests",
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
      "description": "Returns the DDL of an agent on the node",
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
          "description": "DDL of the agent",
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
      "description": "Lists the caller's own requests that the node keeps, newest first",
      "display": "always",
      "mutating": false,
      "input": {},
      "output": {
        "now": {
          "description": "Time on the node, in milliseconds since 1970",
          "display_as": "Node's Clock",
          "type": "integer"
        },
        "jobs": {
          "description": "Requests, each with ID, agent, action, collective, start and end (milliseconds since 1970; end is null while the action runs) and outcome",
          "display_as": "Jobs",
          "type": "array"
        }
      }
    }
  ]
};
export = ddl;
