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
      "description": "Delivers a message to one recipient, now or as soon as it can be delivered",
      "display": "always",
      "mutating": true,
      "input": {
        "recipient": {
          "prompt": "Recipient",
          "description": "PROTOCOL://NAME, such as mailto://ops@example.com, or webhook://NAME for a configured endpoint",
          "type": "string",
          "optional": false,
          "validation": "^[a-z][a-z0-9]*://[!-~]+$",
          "maxlength": 300
        },
        "subject": {
          "prompt": "Subject",
          "description": "Subject of the message, one line (default: Message from HOST)",
          "type": "string",
          "optional": true,
          "validation": "^[^\\x00-\\x1f\\x7f]*$",
          "maxlength": 200
        },
        "message": {
          "prompt": "Message",
          "description": "Text of the message, one or more lines",
          "type": "string",
          "optional": false,
          "validation": ".",
          "maxlength": 10000
        },
        "id": {
          "prompt": "Message ID",
          "description": "ID of the message; a message with the same ID and recipient is delivered once (default: the request ID)",
          "type": "string",
          "optional": true,
          "validation": "^[A-Za-z0-9._-]+$",
          "maxlength": 100
        },
        "spool": {
          "prompt": "Spool",
          "description": "Keep the message and retry if it cannot be delivered now (default: true)",
          "type": "boolean",
          "optional": true
        },
        "fields": {
          "prompt": "Fields",
          "description": "Additional values for templates, by name",
          "type": "hash",
          "optional": true
        }
      },
      "output": {
        "msg": {
          "description": "One-line description of the result",
          "display_as": "Result",
          "type": "string"
        },
        "state": {
          "description": "delivered, or waiting if the message is kept for another attempt",
          "display_as": "State",
          "type": "string"
        },
        "protocol": {
          "description": "Protocol of the recipient",
          "display_as": "Protocol",
          "type": "string"
        },
        "recipient": {
          "description": "Recipient of the message",
          "display_as": "Recipient",
          "type": "string"
        },
        "id": {
          "description": "ID of the message",
          "display_as": "Message ID",
          "type": "string"
        },
        "reason": {
          "description": "Why the message is not delivered yet",
          "display_as": "Reason",
          "type": "string",
          "default": ""
        },
        "next_attempt": {
          "description": "Time of the next delivery attempt, in ISO 8601",
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
      "description": "Shows messages that wait for another delivery attempt, and dead letters",
      "display": "always",
      "mutating": false,
      "input": {
        "state": {
          "prompt": "State",
          "description": "Messages to show (default: all)",
          "type": "list",
          "optional": true,
          "list": ["all", "waiting", "dead"]
        },
        "limit": {
          "prompt": "Limit",
          "description": "Maximum number of messages to show (default: 100)",
          "type": "integer",
          "optional": true
        }
      },
      "output": {
        "waiting": {
          "description": "Number of messages that wait for another delivery attempt",
          "display_as": "Waiting",
          "type": "integer"
        },
        "dead": {
          "description": "Number of dead letters: messages whose delivery was given up",
          "display_as": "Dead",
          "type": "integer"
        },
        "damaged": {
          "description": "Number of spool files that could not be read and were moved to the folder damaged",
          "display_as": "Damaged",
          "type": "integer"
        },
        "oldest_since": {
          "description": "Time since which the oldest waiting message is in the spool, in ISO 8601",
          "display_as": "Oldest Since",
          "type": "string"
        },
        "messages": {
          "description": "Messages, oldest first, each with its state, the time it entered the spool, the reason and the time of the next attempt",
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
      "description": "Retries messages in the spool immediately, including dead letters",
      "display": "always",
      "mutating": true,
      "input": {
        "id": {
          "prompt": "Message ID",
          "description": "ID of the message to retry",
          "type": "string",
          "optional": true,
          "validation": "^[A-Za-z0-9._-]+$",
          "maxlength": 100
        },
        "all": {
          "prompt": "All",
          "description": "Retry all messages in the spool",
          "type": "boolean",
          "optional": true
        }
      },
      "output": {
        "msg": {
          "description": "One-line description of the result",
          "display_as": "Result",
          "type": "string"
        },
        "count": {
          "description": "Number of messages",
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
      "description": "Deletes messages from the spool",
      "display": "always",
      "mutating": true,
      "input": {
        "id": {
          "prompt": "Message ID",
          "description": "ID of the message to delete, waiting or dead",
          "type": "string",
          "optional": true,
          "validation": "^[A-Za-z0-9._-]+$",
          "maxlength": 100
        },
        "all": {
          "prompt": "All",
          "description": "Delete all dead letters",
          "type": "boolean",
          "optional": true
        }
      },
      "output": {
        "msg": {
          "description": "One-line description of the result",
          "display_as": "Result",
          "type": "string"
        },
        "count": {
          "description": "Number of messages",
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
