// Generated from node.json by "npm run ddl".
declare const ddl: {
  "$schema": "https://choria.io/schemas/mcorpc/ddl/v1/agent.json",
  "metadata": {
    "name": "node",
    "description": "Pauses a node: while it is paused, it runs only actions that do not change it",
    "author": "Troupe maintainers",
    "license": "Apache-2.0",
    "version": "1.0.0",
    "url": "https://github.com/troupe/troupe",
    "timeout": 10
  },
  "actions": [
    {
      "action": "state",
      "description": "Shows whether the node is paused, by whom and why",
      "display": "always",
      "mutating": false,
      "input": {},
      "output": {
        "paused": {
          "description": "Whether the node runs only actions that do not change it",
          "display_as": "Paused",
          "type": "boolean"
        },
        "by": { "description": "Caller that paused it", "display_as": "By", "type": "string" },
        "since": {
          "description": "When it was paused, in ISO 8601",
          "display_as": "Since",
          "type": "string"
        },
        "reason": { "description": "Reason for the pause", "display_as": "Reason", "type": "string" }
      },
      "aggregate": [
        { "function": "boolean_summary", "args": ["paused", { "true": "paused", "false": "not paused" }] }
      ]
    },
    {
      "action": "pause",
      "description": "Pauses the node until it is resumed, also over restarts of the daemon; a pause that is in force stays as it is",
      "display": "always",
      "mutating": true,
      "input": {
        "reason": {
          "prompt": "Reason",
          "description": "Reason for the pause, shown to callers whose requests the node refuses",
          "type": "string",
          "optional": true,
          "validation": "^\\P{Cc}+$",
          "maxlength": 300
        }
      },
      "output": {
        "paused": {
          "description": "Whether the node is paused now",
          "display_as": "Paused",
          "type": "boolean"
        },
        "by": { "description": "Caller that paused it", "display_as": "By", "type": "string" },
        "since": {
          "description": "When it was paused, in ISO 8601",
          "display_as": "Since",
          "type": "string"
        },
        "reason": { "description": "Reason for the pause", "display_as": "Reason", "type": "string" }
      },
      "aggregate": [
        { "function": "boolean_summary", "args": ["paused", { "true": "paused", "false": "not paused" }] }
      ]
    },
    {
      "action": "resume",
      "description": "Ends the pause of the node",
      "display": "always",
      "mutating": true,
      "input": {},
      "output": {
        "paused": {
          "description": "Whether the node is paused now",
          "display_as": "Paused",
          "type": "boolean"
        },
        "was_paused": {
          "description": "Whether the node was paused before",
          "display_as": "Was Paused",
          "type": "boolean"
        }
      },
      "aggregate": [
        { "function": "boolean_summary", "args": ["paused", { "true": "paused", "false": "not paused" }] }
      ]
    }
  ]
};
export = ddl;
