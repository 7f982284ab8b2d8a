// Generated from rpcutil.json by "npm run ddl".
declare const ddl: {
  "$schema": "https://choria.io/schemas/mcorpc/ddl/v1/agent.json",
  "metadata": {
    "name": "rpcutil",
    "description": "Inventory, facts, configuration and statistics of a node; every node runs this agent",
    "author": "Troupe maintainers",
    "license": "Apache-2.0",
    "version": "1.2.0",
    "url": "https://github.com/troupe/troupe",
    "timeout": 10
  },
  "actions": [
    {
      "action": "ping",
      "description": "Replies to show that the node is reachable",
      "display": "always",
      "mutating": false,
      "input": {},
      "output": {
        "pong": {
          "description": "Time on the node, in seconds since 1970",
          "display_as": "Timestamp",
          "type": "integer"
        }
      }
    },
    {
      "action": "inventory",
      "description": "Shows the node's agents, facts, classes, collectives, data plugins and version",
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
          "description": "Classes assigned to the node by configuration management",
          "display_as": "Classes",
          "type": "array"
        },
        "version": {
          "description": "Version of the daemon",
          "display_as": "Version",
          "type": "string"
        },
        "main_collective": {
          "description": "Main collective of the node",
          "display_as": "Main Collective",
          "type": "string"
        },
        "collectives": {
          "description": "All collectives that the node is a member of",
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
          "description": "Name of the fact: a path as in -F, such as os.family or mountpoints./var.size_bytes; in quotes if it has other characters",
          "type": "string",
          "optional": false,
          "validation": "^\\P{Cc}+$",
          "maxlength": 512
        }
      },
      "output": {
        "fact": {
          "description": "Name of the fact",
          "display_as": "Fact",
          "type": "string"
        },
        "value": {
          "description": "Value of the fact; null if the node has no such fact",
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
          "description": "Paths of the facts (comma-separated), each as in get_fact",
          "type": "string",
          "optional": false,
          "validation": "^\\P{Cc}+$",
          "maxlength": 4000
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
      "description": "Shows the daemon's message counters and CPU time since it started",
      "display": "always",
      "mutating": false,
      "input": {},
      "output": {
        "threads": {
          "description": "Always empty; kept for compatibility with MCollective",
          "display_as": "Threads",
          "type": "array"
        },
        "agents": {
          "description": "Names of the agents on the node",
          "display_as": "Agents",
          "type": "array"
        },
        "pid": {
          "description": "Process ID of the daemon",
          "display_as": "PID",
          "type": "integer"
        },
        "times": {
          "description": "CPU time used by the daemon, in seconds",
          "display_as": "Times",
          "type": "hash"
        },
        "validated": {
          "description": "Messages that passed authentication",
          "display_as": "Security Validated",
          "type": "integer"
        },
        "unvalidated": {
          "description": "Messages that failed authentication",
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
        "version1": {
          "description": "Messages of protocol version 1: callers whose client must be upgraded",
          "display_as": "Protocol Version 1",
          "type": "integer"
        },
        "denied": {
          "description": "Requests denied because the caller was not authorized",
          "display_as": "Denied",
          "type": "integer"
        },
        "starttime": {
          "description": "Start time of the daemon, in seconds since 1970",
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
          "description": "Configuration file of the daemon",
          "display_as": "Config File",
          "type": "string"
        },
        "version": {
          "description": "Version of the daemon",
          "display_as": "Version",
          "type": "string"
        },
        "ttlexpired": {
          "description": "Messages discarded because their TTL had expired",
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
      "description": "Shows the metadata of each agent on the node",
      "display": "always",
      "mutating": false,
      "input": {},
      "output": {
        "agents": {
          "description": "Name, description, author, license, version, URL and timeout of each agent",
          "display_as": "Agents",
          "type": "array"
        }
      }
    },
    {
      "action": "get_config_item",
      "description": "Reads one item of the daemon's configuration, except secrets",
      "display": "always",
      "mutating": false,
      "input": {
        "item": {
          "prompt": "Configuration Item",
          "description": "Name of the item; use dots for keys in sections, such as broker.urls",
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
          "description": "Current value",
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
      "description": "Queries a data plugin",
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
          "description": "Query for the data plugin, if the plugin takes one",
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
      "description": "Shows the collectives that the node is a member of",
      "display": "always",
      "mutating": false,
      "input": {},
      "output": {
        "main_collective": {
          "description": "Main collective of the node",
          "display_as": "Main Collective",
          "type": "string"
        },
        "collectives": {
          "description": "All collectives that the node is a member of",
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
