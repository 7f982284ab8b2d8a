// Generated from puppetd.json by "npm run ddl".
declare const ddl: {
  "$schema": "https://choria.io/schemas/mcorpc/ddl/v1/agent.json",
  "metadata": {
    "name": "puppetd",
    "description": "Runs the Puppet agent of a host, tells its state, enables and disables it, manages single resources",
    "author": "Troupe maintainers",
    "license": "Apache-2.0",
    "version": "1.1.0",
    "url": "https://github.com/troupe/troupe",
    "timeout": 20
  },
  "actions": [
    {
      "action": "runonce",
      "description": "Runs Puppet once; in the foreground the reply is the verdict on the run",
      "display": "always",
      "mutating": true,
      "dry_run": "noop",
      "timeout": 3600,
      "input": {
        "foreground": {
          "prompt": "Foreground",
          "description": "Send the output as it comes and reply when the run has ended, instead of when it has begun",
          "type": "boolean",
          "optional": true
        },
        "quiet": {
          "prompt": "Quiet",
          "description": "Send no output of the run, only how it ended",
          "type": "boolean",
          "optional": true
        },
        "force": {
          "prompt": "Force",
          "description": "Run at once, without the random delay that is configured",
          "type": "boolean",
          "optional": true
        },
        "noop": {
          "prompt": "No-op",
          "description": "Only say what would be changed",
          "type": "boolean",
          "optional": true
        },
        "tags": {
          "prompt": "Tags",
          "description": "Apply only what carries one of these tags, separated by commas",
          "type": "string",
          "optional": true,
          "validation": "^[A-Za-z0-9_][A-Za-z0-9_:.-]*( *, *[A-Za-z0-9_][A-Za-z0-9_:.-]*)*$",
          "maxlength": 1000
        },
        "environment": {
          "prompt": "Environment",
          "description": "The environment to run; a run that ends in another one has failed",
          "type": "string",
          "optional": true,
          "validation": "^[a-z0-9_]+$",
          "maxlength": 64
        },
        "splay": {
          "prompt": "Splay",
          "description": "Whether to wait for a random time before the run",
          "type": "boolean",
          "optional": true
        },
        "splaylimit": {
          "prompt": "Splay Limit",
          "description": "The longest random wait in seconds",
          "type": "integer",
          "optional": true
        },
        "use_cached_catalog": {
          "prompt": "Use Cached Catalog",
          "description": "Apply the catalog of the last run instead of asking for a new one",
          "type": "boolean",
          "optional": true
        },
        "ignoreschedules": {
          "prompt": "Ignore Schedules",
          "description": "Apply resources outside their schedules too",
          "type": "boolean",
          "optional": true
        },
        "server": {
          "prompt": "Puppet Server",
          "description": "HOST or HOST:PORT to ask instead of the configured one, where the node allows that",
          "type": "string",
          "optional": true,
          "validation": "^([A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?|\\[[0-9A-Fa-f:.]+\\])(:[0-9]{1,5})?$",
          "maxlength": 260
        },
        "min_age": {
          "prompt": "Minimum Age",
          "description": "Do not run, and say so, where the last run began less than so many seconds ago",
          "type": "integer",
          "optional": true
        }
      },
      "output": {
        "summary": {
          "description": "What was done, in words",
          "display_as": "Summary",
          "type": "string",
          "default": ""
        },
        "initiated_at": {
          "description": "When the run was started, in seconds since 1970; that of the last run where none was begun",
          "display_as": "Initiated at",
          "type": "integer"
        },
        "run_id": {
          "description": "The id of the run, which is also the job id in its report; empty where Puppet's daemon runs it",
          "display_as": "Run",
          "type": "string"
        },
        "outcome": {
          "description": "How a run in the foreground ended, or why none was begun, in one word",
          "display_as": "Outcome",
          "type": "string"
        },
        "exit_code": {
          "description": "Puppet's exit code of a run in the foreground",
          "display_as": "Exit Code",
          "type": "integer"
        },
        "environment": {
          "description": "The environment in which a run in the foreground ended",
          "display_as": "Environment",
          "type": "string"
        },
        "resources": {
          "description": "How many resources a run in the foreground changed, failed, skipped and so on",
          "display_as": "Resources",
          "type": "hash"
        },
        "errors": {
          "description": "The first errors that Puppet printed in a run in the foreground",
          "display_as": "Errors",
          "type": "array"
        },
        "seconds": {
          "description": "How long a run in the foreground took",
          "display_as": "Seconds",
          "type": "number"
        }
      },
      "aggregate": [
        {
          "function": "summary",
          "args": ["outcome"]
        }
      ]
    },
    {
      "action": "follow",
      "description": "Waits for the end of a run that was begun before, and replies with the verdict on it",
      "display": "always",
      "mutating": false,
      "timeout": 3600,
      "input": {
        "run_id": {
          "prompt": "Run",
          "description": "The id of the run, which is that of the request that began it",
          "type": "string",
          "validation": "^[A-Za-z0-9][A-Za-z0-9_-]*$",
          "maxlength": 64,
          "optional": false
        },
        "quiet": {
          "prompt": "Quiet",
          "description": "Send no output of the run, only how it ended",
          "type": "boolean",
          "optional": true
        }
      },
      "output": {
        "summary": {
          "description": "How the run ended, in words",
          "display_as": "Summary",
          "type": "string",
          "default": ""
        },
        "initiated_at": {
          "description": "When the run was started, in seconds since 1970",
          "display_as": "Initiated at",
          "type": "integer"
        },
        "run_id": {
          "description": "The id of the run",
          "display_as": "Run",
          "type": "string"
        },
        "outcome": {
          "description": "How the run ended, in one word",
          "display_as": "Outcome",
          "type": "string"
        },
        "exit_code": {
          "description": "Puppet's exit code",
          "display_as": "Exit Code",
          "type": "integer"
        },
        "environment": {
          "description": "The environment in which the run ended",
          "display_as": "Environment",
          "type": "string"
        },
        "resources": {
          "description": "How many resources the run changed, failed, skipped and so on",
          "display_as": "Resources",
          "type": "hash"
        },
        "errors": {
          "description": "The first errors that Puppet printed",
          "display_as": "Errors",
          "type": "array"
        },
        "seconds": {
          "description": "How long the run took",
          "display_as": "Seconds",
          "type": "number"
        }
      },
      "aggregate": [
        {
          "function": "summary",
          "args": ["outcome"]
        }
      ]
    },
    {
      "action": "status",
      "description": "What the Puppet agent is doing, from its own lock and state files",
      "display": "always",
      "mutating": false,
      "input": {},
      "output": {
        "applying": {
          "description": "Whether a catalog is being applied",
          "display_as": "Applying",
          "type": "boolean",
          "default": false
        },
        "idling": {
          "description": "Whether Puppet's daemon runs and waits",
          "display_as": "Idling",
          "type": "boolean",
          "default": false
        },
        "enabled": {
          "description": "Whether Puppet may run",
          "display_as": "Enabled",
          "type": "boolean"
        },
        "daemon_present": {
          "description": "Whether Puppet's daemon runs",
          "display_as": "Daemon Running",
          "type": "boolean",
          "default": false
        },
        "lastrun": {
          "description": "When the last run ended, in seconds since 1970; 0 where Puppet never ran",
          "display_as": "Last Run",
          "type": "integer",
          "default": 0
        },
        "since_lastrun": {
          "description": "How many seconds ago the last run ended",
          "display_as": "Since Last Run",
          "type": "integer"
        },
        "status": {
          "description": "applying a catalog, disabled, idling or stopped",
          "display_as": "Status",
          "type": "string",
          "default": "unknown"
        },
        "disable_message": {
          "description": "Why Puppet is disabled",
          "display_as": "Lock Message",
          "type": "string",
          "default": ""
        },
        "message": {
          "description": "The state in one line",
          "display_as": "Message",
          "type": "string",
          "default": ""
        },
        "lastrun_began": {
          "description": "When the last run began, in seconds since 1970; 0 where Puppet never ran",
          "display_as": "Last Run Began",
          "type": "integer",
          "default": 0
        },
        "server": {
          "description": "The Puppet server that is configured",
          "display_as": "Puppet Server",
          "type": "string",
          "default": ""
        }
      },
      "aggregate": [
        {
          "function": "boolean_summary",
          "args": [
            "enabled",
            {
              "true": "enabled",
              "false": "disabled"
            }
          ]
        },
        {
          "function": "boolean_summary",
          "args": [
            "daemon_present",
            {
              "true": "running",
              "false": "stopped"
            }
          ]
        },
        {
          "function": "summary",
          "args": ["applying"]
        },
        {
          "function": "summary",
          "args": ["status"]
        },
        {
          "function": "summary",
          "args": ["idling"]
        }
      ]
    },
    {
      "action": "enable",
      "description": "Lets Puppet run again",
      "mutating": true,
      "input": {},
      "output": {
        "status": {
          "description": "What was done, in words",
          "display_as": "Status",
          "type": "string",
          "default": ""
        },
        "enabled": {
          "description": "Whether Puppet may run",
          "display_as": "Enabled",
          "type": "boolean"
        }
      },
      "aggregate": [
        {
          "function": "boolean_summary",
          "args": [
            "enabled",
            {
              "true": "enabled",
              "false": "disabled"
            }
          ]
        }
      ]
    },
    {
      "action": "disable",
      "description": "Keeps Puppet from running until it is enabled",
      "mutating": true,
      "input": {
        "message": {
          "prompt": "Message",
          "description": "Why, for whoever finds Puppet disabled",
          "type": "string",
          "optional": true,
          "validation": "^\\P{Cc}+$",
          "maxlength": 120
        }
      },
      "output": {
        "status": {
          "description": "What was done, in words",
          "display_as": "Status",
          "type": "string",
          "default": ""
        },
        "enabled": {
          "description": "Whether Puppet may run",
          "display_as": "Enabled",
          "type": "boolean"
        }
      },
      "aggregate": [
        {
          "function": "boolean_summary",
          "args": [
            "enabled",
            {
              "true": "enabled",
              "false": "disabled"
            }
          ]
        }
      ]
    },
    {
      "action": "last_run_summary",
      "description": "The figures of the last Puppet run",
      "display": "always",
      "mutating": false,
      "input": {
        "logs": {
          "prompt": "Logs",
          "description": "Whether to send the messages of the run too",
          "type": "boolean",
          "optional": true
        }
      },
      "output": {
        "out_of_sync_resources": {
          "description": "Resources that were not as they should be",
          "display_as": "Out of Sync Resources",
          "type": "integer",
          "default": -1
        },
        "failed_resources": {
          "description": "Resources that could not be made as they should be",
          "display_as": "Failed Resources",
          "type": "integer",
          "default": -1
        },
        "corrected_resources": {
          "description": "Resources that somebody else had changed and Puppet changed back",
          "display_as": "Corrected Resources",
          "type": "integer",
          "default": -1
        },
        "changed_resources": {
          "description": "Resources that were changed",
          "display_as": "Changed Resources",
          "type": "integer",
          "default": -1
        },
        "total_resources": {
          "description": "Resources in the catalog",
          "display_as": "Total Resources",
          "type": "integer",
          "default": 0
        },
        "config_retrieval_time": {
          "description": "Seconds until the catalog was there",
          "display_as": "Config Retrieval Time",
          "type": "number",
          "default": -1
        },
        "total_time": {
          "description": "Seconds of the whole run",
          "display_as": "Total Time",
          "type": "number",
          "default": 0
        },
        "logs": {
          "description": "The first messages of the run, each with level, source, message and time",
          "display_as": "Last Run Logs",
          "type": "array",
          "default": []
        },
        "lastrun": {
          "description": "When the run ended, in seconds since 1970; 0 where Puppet never ran",
          "display_as": "Last Run",
          "type": "integer",
          "default": 0
        },
        "since_lastrun": {
          "description": "How many seconds ago the run ended",
          "display_as": "Since Last Run",
          "type": "integer"
        },
        "config_version": {
          "description": "The version of the catalog; empty where there was none",
          "display_as": "Config Version",
          "type": "string"
        },
        "type_distribution": {
          "description": "How many resources of each type Puppet manages",
          "display_as": "Type Distribution",
          "type": "hash",
          "default": {}
        },
        "summary": {
          "description": "Puppet's own summary of the run",
          "display_as": "Summary",
          "type": "hash",
          "default": {}
        }
      },
      "aggregate": [
        {
          "function": "average",
          "args": [
            "config_retrieval_time",
            {
              "format": "Average: %0.2f"
            }
          ]
        },
        {
          "function": "average",
          "args": [
            "total_time",
            {
              "format": "Average: %0.2f"
            }
          ]
        },
        {
          "function": "average",
          "args": [
            "total_resources",
            {
              "format": "Average: %d"
            }
          ]
        }
      ]
    },
    {
      "action": "resource",
      "description": "Brings one resource into a state, as Puppet would; what is allowed is configured on the node",
      "display": "always",
      "mutating": true,
      "dry_run": "noop",
      "timeout": 300,
      "additional_inputs": true,
      "input": {
        "type": {
          "prompt": "Type",
          "description": "The type of the resource, such as service",
          "type": "string",
          "validation": "^[a-zA-Z][a-zA-Z0-9_]*(::[a-zA-Z][a-zA-Z0-9_]*)*$",
          "maxlength": 64,
          "optional": false
        },
        "name": {
          "prompt": "Name",
          "description": "The title of the resource",
          "type": "string",
          "validation": "^\\P{Cc}+$",
          "maxlength": 1000,
          "optional": false
        },
        "noop": {
          "prompt": "No-op",
          "description": "Only say what would be changed",
          "type": "boolean",
          "optional": true
        }
      },
      "output": {
        "result": {
          "description": "What was done, in words",
          "display_as": "Result",
          "type": "string",
          "default": ""
        },
        "changed": {
          "description": "Whether the resource was changed",
          "display_as": "Changed",
          "type": "boolean"
        },
        "messages": {
          "description": "What Puppet said, each with level, source and message",
          "display_as": "Messages",
          "type": "array",
          "default": []
        }
      },
      "aggregate": [
        {
          "function": "boolean_summary",
          "args": [
            "changed",
            {
              "true": "changed",
              "false": "no change"
            }
          ]
        }
      ]
    }
  ]
};
export = ddl;
