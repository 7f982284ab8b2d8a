// Generated from notify.json by "npm run ddl".
declare const ddl: {
  "$schema": "https://choria.io/schemas/mcorpc/ddl/v1/agent.json",
  "metadata": {
    "name": "notify",
    "description": "Delivers notifications to people and programs",
    "author": "Troupe maintainers",
    "license": "Apache-2.0",
    "version": "1.0.0",
    "url": "https://github.com/troupe/troupe",
    "timeout": 30
  },
  "actions": [
    {
      "action": "sendmsg",
      "description": "Delivers one message to one recipient",
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
        }
      },
      "output": {
        "msg": {
          "description": "What became of the message, in words",
          "display_as": "Result",
          "type": "string"
        },
        "protocol": {
          "description": "The protocol that delivered it",
          "display_as": "Protocol",
          "type": "string"
        },
        "recipient": {
          "description": "Who it was delivered to",
          "display_as": "Recipient",
          "type": "string"
        },
        "id": {
          "description": "The id under which the recipient's side knows the message",
          "display_as": "Message ID",
          "type": "string"
        }
      },
      "aggregate": [{ "function": "summary", "args": ["protocol"] }]
    }
  ]
};
export = ddl;
