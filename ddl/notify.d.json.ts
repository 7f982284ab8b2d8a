// Generated from notify.json by "npm run ddl".
declare const ddl: {
  "$schema": "https://choria.io/schemas/mcorpc/ddl/v1/agent.json",
  "metadata": {
    "name": "notify",
    "description": "Delivers notifications to people and programs",
    "author": "Troupe maintainers",
    "license": "Apache-2.0",
    "version": "2.0.0",
    "url": "https://github.com/troupe/troupe",
    "timeout": 30
  },
  "actions": [
    {
      "action": "sendmsg",
      "description": "Delivers one message to one recipient, now or as soon as it can be",
      "display": "always",
      "mutating": true,
      "input": {
        "recipient": {
          "prompt": "Recipient",
          "description": "Protocol and name, such as mailto://ops@example.com, or webhook:// and an endpoint that is configured",
          "type": "string",
          "optional": false,
          "validation": "^[a-z][a-z0-9]*://[!-~]+$",
          "maxlength": 300
        },
        "subject": {
          "prompt": "Subject",
          "description": "One line; without one the message says which host it is from",
          "type": "string",
          "optional": true,
          "validation": "^[^\\x00-\\x1f\\x7f]*$",
          "maxlength": 200
        },
        "message": {
          "prompt": "Message",
          "description": "The text, of any number of lines",
          "type": "string",
          "optional": false,
          "validation": ".",
          "maxlength": 10000
        },
        "id": {
          "prompt": "Message ID",
          "description": "Names the message, so that one that is sent again is not delivered again; the id of the request when left out",
          "type": "string",
          "optional": true,
          "validation": "^[A-Za-z0-9._-]+$",
          "maxlength": 100
        },
        "spool": {
          "prompt": "Spool",
          "description": "Keep it and try again when it cannot be delivered now; yes when left out",
          "type": "boolean",
          "optional": true
        },
        "fields": {
          "prompt": "Fields",
          "description": "More about the message, for templates, by name",
          "type": "hash",
          "optional": true
        }
      },
      "output": {
        "msg": {
          "description": "What became of the message, in words",
          "display_as": "Result",
          "type": "string"
        },
        "state": {
          "description": "delivered, or waiting where it is kept for another attempt",
          "display_as": "State",
          "type": "string"
        },
        "protocol": {
          "description": "The protocol of the recipient",
          "display_as": "Protocol",
          "type": "string"
        },
        "recipient": {
          "description": "Who it is for",
          "display_as": "Recipient",
          "type": "string"
        },
        "id": {
          "description": "The id under which the recipient's side knows the message",
          "display_as": "Message ID",
          "type": "string"
        },
        "reason": {
          "description": "Why it is not delivered yet",
          "display_as": "Reason",
          "type": "string",
          "default": ""
        },
        "next_attempt": {
          "description": "When it is tried again",
          "display_as": "Next Attempt",
          "type": "string",
          "default": ""
        }
      },
      "aggregate": [
        {
          "function": "summary",
          "args": ["state"]
        },
        {
          "function": "summary",
          "args": ["protocol"]
        }
      ]
    },
    {
      "action": "spool",
      "description": "Shows what waits for another attempt, and what was given up",
      "display": "always",
      "mutating": false,
      "input": {
        "state": {
          "prompt": "State",
          "description": "Which messages to show; all when left out",
          "type": "list",
          "optional": true,
          "list": ["all", "waiting", "dead"]
        },
        "limit": {
          "prompt": "Limit",
          "description": "The most messages to show; 100 when left out",
          "type": "integer",
          "optional": true
        }
      },
      "output": {
        "waiting": {
          "description": "How many messages wait for another attempt",
          "display_as": "Waiting",
          "type": "integer"
        },
        "dead": {
          "description": "How many were given up",
          "display_as": "Dead",
          "type": "integer"
        },
        "damaged": {
          "description": "How many files of the spool could not be read and were put aside",
          "display_as": "Damaged",
          "type": "integer"
        },
        "oldest_since": {
          "description": "Since when the oldest one waits",
          "display_as": "Oldest Since",
          "type": "string"
        },
        "messages": {
          "description": "Each with its state, since when it is in the spool, why, and when it is tried again; the oldest first",
          "display_as": "Messages",
          "type": "array"
        }
      },
      "aggregate": [
        {
          "function": "sum",
          "args": ["waiting"]
        },
        {
          "function": "sum",
          "args": ["dead"]
        }
      ]
    },
    {
      "action": "retry",
      "description": "Tries messages of the spool again at once, dead letters too",
      "display": "always",
      "mutating": true,
      "input": {
        "id": {
          "prompt": "Message ID",
          "description": "The message",
          "type": "string",
          "optional": true,
          "validation": "^[A-Za-z0-9._-]+$",
          "maxlength": 100
        },
        "all": {
          "prompt": "All",
          "description": "All messages",
          "type": "boolean",
          "optional": true
        }
      },
      "output": {
        "msg": {
          "description": "What is done, in words",
          "display_as": "Result",
          "type": "string"
        },
        "count": {
          "description": "How many messages",
          "display_as": "Count",
          "type": "integer"
        }
      },
      "aggregate": [
        {
          "function": "sum",
          "args": ["count"]
        }
      ]
    },
    {
      "action": "discard",
      "description": "Throws messages of the spool away",
      "display": "always",
      "mutating": true,
      "input": {
        "id": {
          "prompt": "Message ID",
          "description": "The message, whether it waits or is dead",
          "type": "string",
          "optional": true,
          "validation": "^[A-Za-z0-9._-]+$",
          "maxlength": 100
        },
        "all": {
          "prompt": "All",
          "description": "All dead letters",
          "type": "boolean",
          "optional": true
        }
      },
      "output": {
        "msg": {
          "description": "What is done, in words",
          "display_as": "Result",
          "type": "string"
        },
        "count": {
          "description": "How many messages",
          "display_as": "Count",
          "type": "integer"
        }
      },
      "aggregate": [
        {
          "function": "sum",
          "args": ["count"]
        }
      ]
    }
  ]
};
export = ddl;
