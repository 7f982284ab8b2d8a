// Generated from rpcutil.json by "npm run ddl".
declare const ddl: {
  "$schema": "https://choria.io/schemas/mcorpc/ddl/v1/agent.json",
  "metadata": {
    "name": "rpcutil",
    "description": "What a node is, knows and has done: the agent that every node has",
    "author": "Troupe maintainers",
    "license": "Apache-2.0",
    "version": "1.0.0",
    "url": "https://github.com/troupe/troupe",
    "timeout": 10
  },
  "actions": [
    {
      "action": "ping",
      "description": "Answers, to show that the node hears and replies",
      "display": "always",
      "mutating": false,
      "input": {},
      "output": {
        "pong": {
          "description": "The node's clock: seconds since 1970",
          "display_as": "Timestamp",
          "type": "integer"
        }
      }
    },
    {
      "action": "inventory",
      "description": "Says what the node is and has",
      "display": "always",
      "mutating": false,
      "input": {},
      "output": {
        "agents": {
          "description": "Names of the agents on the node",
          "display_as": "Agents",
          "type": "array"
        },
        "facts": {
          "description": "Facts and their values",
          "display_as": "Facts",
          "type": "hash"
        },
        "classes": {
          "description": "Classes that configuration management gave the node",
          "display_as": "Classes",
          "type": "array"
        },
        "version": {
          "description": "Version of the daemon",
          "display_as": "Version",
          "type": "string"
        },
        "main_collective": {
          "description": "The collective that the node belongs to first",
          "display_as": "Main Collective",
          "type": "string"
        },
        "collectives": {
          "description": "Every collective that the node belongs to",
          "display_as": "All Collectives",
          "type": "array"
        },
        "data_plugins": {
          "description": "Names of the data plugins on the node",
          "display_as": "Data Plugins",
          "type": "array"
        }
      }
    },
    {
      "action": "get_fact",
      "description": "Reads one fact",
      "display": "always",
      "mutating": false,
      "input": {
        "fact": {
          "prompt": "Fact",
          "description": "Name of the fact; dots lead into structured facts, as in os.family",
          "type": "string",
          "optional": false,
          "validation": "^[\\w.:-]+$",
          "maxlength": 256
        }
      },
      "output": {
        "fact": {
          "description": "Name of the fact",
          "display_as": "Fact",
          "type": "string"
        },
        "value": {
          "description": "Value of the fact; null where the node has no such fact",
          "display_as": "Value"
        }
      },
      "aggregate": [
        {
          "function": "summary",
          "args": ["value"]
        }
      ]
    },
    {
      "action": "get_facts",
      "description": "Reads several facts",
      "display": "always",
      "mutating": false,
      "input": {
        "facts": {
          "prompt": "Facts",
          "description": "Names of the facts, separated by commas",
          "type": "string",
          "optional": false,
          "validation": "^\\s*[\\w.:-]+(\\s*,\\s*[\\w.:-]+)*\\s*$",
          "maxlength": 2000
        }
      },
      "output": {
        "values": {
          "description": "Value of each fact, by name",
          "display_as": "Values",
          "type": "hash"
        }
      }
    },
    {
      "action": "daemon_stats",
      "description": "Counts what the daemon has received and sent since it started",
      "display": "always",
      "mutating": false,
      "input": {},
      "output": {
        "threads": {
          "description": "Threads of the daemon that do work",
          "display_as": "Threads",
          "type": "array"
        },
        "agents": {
          "description": "Names of the agents on the node",
          "display_as": "Agents",
          "type": "array"
        },
        "pid": {
          "description": "Process id of the daemon",
          "display_as": "PID",
          "type": "integer"
        },
        "times": {
          "description": "Processor time that the daemon has used, in seconds",
          "display_as": "Times",
          "type": "hash"
        },
        "validated": {
          "description": "Messages whose signature was good",
          "display_as": "Security Validated",
          "type": "integer"
        },
        "unvalidated": {
          "description": "Messages whose signature was not good",
          "display_as": "Failed Security",
          "type": "integer"
        },
        "passed": {
          "description": "Requests whose filter matched the node",
          "display_as": "Passed Filter",
          "type": "integer"
        },
        "filtered": {
          "description": "Requests whose filter did not match the node",
          "display_as": "Failed Filter",
          "type": "integer"
        },
        "denied": {
          "description": "Requests that the caller was not allowed to make",
          "display_as": "Denied",
          "type": "integer"
        },
        "starttime": {
          "description": "When the daemon started: seconds since 1970",
          "display_as": "Start Time",
          "type": "integer"
        },
        "total": {
          "description": "Messages received",
          "display_as": "Total Messages",
          "type": "integer"
        },
        "replies": {
          "description": "Replies sent",
          "display_as": "Replies",
          "type": "integer"
        },
        "configfile": {
          "description": "File that the daemon was configured from",
          "display_as": "Config File",
          "type": "string"
        },
        "version": {
          "description": "Version of the daemon",
          "display_as": "Version",
          "type": "string"
        },
        "ttlexpired": {
          "description": "Messages that came after their time was over",
          "display_as": "TTL Expired",
          "type": "integer"
        }
      },
      "aggregate": [
        {
          "function": "summary",
          "args": ["version"]
        },
        {
          "function": "summary",
          "args": ["agents"]
        }
      ]
    },
    {
      "action": "agent_inventory",
      "description": "Describes the agents on the node",
      "display": "always",
      "mutating": false,
      "input": {},
      "output": {
        "agents": {
          "description": "Name, description, author, license, version, url and timeout of each agent",
          "display_as": "Agents",
          "type": "array"
        }
      }
    },
    {
      "action": "get_config_item",
      "description": "Reads one item of the daemon's configuration, secrets excepted",
      "display": "always",
      "mutating": false,
      "input": {
        "item": {
          "prompt": "Configuration Item",
          "description": "Name of the item; dots lead into sections",
          "type": "string",
          "optional": false,
          "validation": "^[\\w.:-]+$",
          "maxlength": 120
        }
      },
      "output": {
        "item": {
          "description": "Name of the item",
          "display_as": "Property",
          "type": "string"
        },
        "value": {
          "description": "Value in use",
          "display_as": "Value"
        }
      },
      "aggregate": [
        {
          "function": "summary",
          "args": ["value"]
        }
      ]
    },
    {
      "action": "get_data",
      "description": "Asks a data plugin",
      "display": "always",
      "mutating": false,
      "input": {
        "source": {
          "prompt": "Data Source",
          "description": "Name of the data plugin",
          "type": "string",
          "optional": false,
          "validation": "^\\w+$",
          "maxlength": 50
        },
        "query": {
          "prompt": "Query",
          "description": "What to ask it, where it needs to be asked",
          "type": "string",
          "optional": true,
          "validation": ".",
          "maxlength": 200
        }
      },
      "output": {}
    },
    {
      "action": "collective_info",
      "description": "Says which collectives the node belongs to",
      "display": "always",
      "mutating": false,
      "input": {},
      "output": {
        "main_collective": {
          "description": "The collective that the node belongs to first",
          "display_as": "Main Collective",
          "type": "string"
        },
        "collectives": {
          "description": "Every collective that the node belongs to",
          "display_as": "All Collectives",
          "type": "array"
        }
      },
      "aggregate": [
        {
          "function": "summary",
          "args": ["collectives"]
        }
      ]
    }
  ]
};
export = ddl;
