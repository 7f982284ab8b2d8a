// Generated from puppetd.json by "npm run ddl".
declare const ddl: {
  "$schema": "https://choria.io/schemas/mcorpc/ddl/v1/agent.json",
  "metadata": {
    "name": "puppetd",
    "description": "Runs the Puppet agent, reports its status, enables and disables it, and manages single resources",
    "author": "Troupe maintainers",
    "license": "Apache-2.0",
    "version": "1.2.0",
    "url": "https://github.com/troupe/troupe",
    "timeout": 20
  },
  "actions": [
    {
      "action": "runonce",
      "description": "Runs Puppet once; with foreground, replies with the result when the run has ended",
      "display": "always",
      "mutating": true,
      "dry_run": "noop",
      "timeout": 3600,
      "input": {
        "foreground": {
          "prompt": "Foreground",
          "description": "Stream the output and reply when the run has ended (default: reply as soon as the run has started)",
          "type": "boolean",
          "optional": true
        },
        "quiet": {
          "prompt": "Quiet",
          "description": "Do not stream the output of the run, only reply with its result",
          "type": "boolean",
          "optional": true
        },
        "force": {
          "prompt": "Force",
          "description": "Run immediately, without the configured random delay (splay)",
          "type": "boolean",
          "optional": true
        },
        "noop": {
          "prompt": "No-op",
          "description": "Report what would change without changing it",
          "type": "boolean",
          "optional": true
        },
        "tags": {
          "prompt": "Tags",
          "description": "Apply only resources with one of these tags (comma-separated)",
          "type": "string",
          "optional": true,
          "validation": "^[A-Za-z0-9_][A-Za-z0-9_:.-]*( *, *[A-Za-z0-9_][A-Za-z0-9_:.-]*)*$",
          "maxlength": 1000
        },
        "environment": {
          "prompt": "Environment",
          "description": "Puppet environment of the run; a run that ends in another environment counts as failed",
          "type": "string",
          "optional": true,
          "validation": "^[a-z0-9_]+$",
          "maxlength": 64
        },
        "splay": {
          "prompt": "Splay",
          "description": "Wait for a random time before the run",
          "type": "boolean",
          "optional": true
        },
        "splaylimit": {
          "prompt": "Splay Limit",
          "description": "Maximum random wait before the run, in seconds",
          "type": "integer",
          "optional": true
        },
        "use_cached_catalog": {
          "prompt": "Use Cached Catalog",
          "description": "Apply the cached catalog instead of requesting a new one from the server",
          "type": "boolean",
          "optional": true
        },
        "ignoreschedules": {
          "prompt": "Ignore Schedules",
          "description": "Apply resources even outside their schedules",
          "type": "boolean",
          "optional": true
        },
        "server": {
          "prompt": "Puppet Server",
          "description": "Puppet server, HOST or HOST:PORT, to use instead of the configured one, if the node permits it",
          "type": "string",
          "optional": true,
          "validation": "^([A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?|\\[[0-9A-Fa-f:.]+\\])(:[0-9]{1,5})?$",
          "maxlength": 260
        },
        "min_age": {
          "prompt": "Minimum Age",
          "description": "Skip the run, with the outcome recent, if the last run started less than this many seconds ago",
          "type": "integer",
          "optional": true
        }
      },
      "output": {
        "summary": {
          "description": "One-line description of the result",
          "display_as": "Summary",
          "type": "string",
          "default": ""
        },
        "initiated_at": {
          "description": "Start of the run, in seconds since 1970; if no run was started, start of the last run",
          "display_as": "Initiated at",
          "type": "integer"
        },
        "run_id": {
          "description": "ID of the run, which is also the job ID in its report; empty if Puppet's daemon performs the run",
          "display_as": "Run",
          "type": "string"
        },
        "outcome": {
          "description": "Result of a foreground run, such as changed, or why no run was started, such as disabled",
          "display_as": "Outcome",
          "type": "string"
        },
        "exit_code": {
          "description": "Exit code of Puppet (foreground runs only)",
          "display_as": "Exit Code",
          "type": "integer"
        },
        "environment": {
          "description": "Environment in which the run ended (foreground runs only)",
          "display_as": "Environment",
          "type": "string"
        },
        "resources": {
          "description": "Number of resources that changed, failed, were skipped and so on (foreground runs only)",
          "display_as": "Resources",
          "type": "hash"
        },
        "errors": {
          "description": "First errors that Puppet printed (foreground runs only)",
          "display_as": "Errors",
          "type": "array"
        },
        "seconds": {
          "description": "Duration of the run in seconds (foreground runs only)",
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
      "description": "Waits for a run that was started earlier to end, and replies with its result",
      "display": "always",
      "mutating": false,
      "timeout": 3600,
      "input": {
        "run_id": {
          "prompt": "Run",
          "description": "ID of the run: the ID of the request that started it",
          "type": "string",
          "validation": "^[A-Za-z0-9][A-Za-z0-9_-]*$",
          "maxlength": 64,
          "optional": false
        },
        "quiet": {
          "prompt": "Quiet",
          "description": "Do not stream the output of the run, only reply with its result",
          "type": "boolean",
          "optional": true
        }
      },
      "output": {
        "summary": {
          "description": "One-line description of the result",
          "display_as": "Summary",
          "type": "string",
          "default": ""
        },
        "initiated_at": {
          "description": "Start of the run, in seconds since 1970",
          "display_as": "Initiated at",
          "type": "integer"
        },
        "run_id": {
          "description": "ID of the run",
          "display_as": "Run",
          "type": "string"
        },
        "outcome": {
          "description": "Result of the run, such as changed or failed-resources",
          "display_as": "Outcome",
          "type": "string"
        },
        "exit_code": {
          "description": "Exit code of Puppet",
          "display_as": "Exit Code",
          "type": "integer"
        },
        "environment": {
          "description": "Environment in which the run ended",
          "display_as": "Environment",
          "type": "string"
        },
        "resources": {
          "description": "Number of resources that changed, failed, were skipped and so on",
          "display_as": "Resources",
          "type": "hash"
        },
        "errors": {
          "description": "First errors that Puppet printed",
          "display_as": "Errors",
          "type": "array"
        },
        "seconds": {
          "description": "Duration of the run in seconds",
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
      "description": "Shows what the Puppet agent is doing, read from its lock and state files",
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
          "description": "Whether Puppet's daemon is running and idle",
          "display_as": "Idling",
          "type": "boolean",
          "default": false
        },
        "enabled": {
          "description": "Whether Puppet is enabled",
          "display_as": "Enabled",
          "type": "boolean"
        },
        "daemon_present": {
          "description": "Whether Puppet's daemon is running",
          "display_as": "Daemon Running",
          "type": "boolean",
          "default": false
        },
        "lastrun": {
          "description": "End of the last run, in seconds since 1970; 0 if Puppet has never run, null if unknown",
          "display_as": "Last Run",
          "type": "integer"
        },
        "since_lastrun": {
          "description": "Seconds since the last run ended",
          "display_as": "Since Last Run",
          "type": "integer"
        },
        "status": {
          "description": "Status of the Puppet agent: applying a catalog, disabled, idling or stopped",
          "display_as": "Status",
          "type": "string",
          "default": "unknown"
        },
        "disable_message": {
          "description": "Reason why Puppet is disabled",
          "display_as": "Lock Message",
          "type": "string",
          "default": ""
        },
        "message": {
          "description": "One-line description of the status",
          "display_as": "Message",
          "type": "string",
          "default": ""
        },
        "lastrun_began": {
          "description": "Start of the last run, in seconds since 1970; 0 if Puppet has never run",
          "display_as": "Last Run Began",
          "type": "integer",
          "default": 0
        },
        "server": {
          "description": "Configured Puppet server",
          "display_as": "Puppet Server",
          "type": "string",
          "default": ""
        },
        "lastrun_outcome": {
          "description": "What became of the last run: changed, unchanged, failed-resources, failed, no-catalog, incomplete, never, or unknown if its files cannot be read",
          "display_as": "Last Run Outcome",
          "type": "string"
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
        },
        {
          "function": "summary",
          "args": ["lastrun_outcome"]
        }
      ]
    },
    {
      "action": "enable",
      "description": "Enables the Puppet agent",
      "mutating": true,
      "input": {},
      "output": {
        "status": {
          "description": "One-line description of the result",
          "display_as": "Status",
          "type": "string",
          "default": ""
        },
        "enabled": {
          "description": "Whether Puppet is enabled",
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
      "description": "Disables the Puppet agent until it is enabled again",
      "mutating": true,
      "input": {
        "message": {
          "prompt": "Message",
          "description": "Reason for disabling Puppet, shown in its status",
          "type": "string",
          "optional": true,
          "validation": "^\\P{Cc}+$",
          "maxlength": 120
        }
      },
      "output": {
        "status": {
          "description": "One-line description of the result",
          "display_as": "Status",
          "type": "string",
          "default": ""
        },
        "enabled": {
          "description": "Whether Puppet is enabled",
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
      "description": "Shows the statistics of the last Puppet run",
      "display": "always",
      "mutating": false,
      "input": {
        "logs": {
          "prompt": "Logs",
          "description": "Include the log messages of the run",
          "type": "boolean",
          "optional": true
        }
      },
      "output": {
        "out_of_sync_resources": {
          "description": "Number of resources that were not in the desired state; null if no catalog was applied to its end",
          "display_as": "Out of Sync Resources",
          "type": "integer"
        },
        "failed_resources": {
          "description": "Number of resources that failed to apply; null if no catalog was applied to its end",
          "display_as": "Failed Resources",
          "type": "integer"
        },
        "corrected_resources": {
          "description": "Number of resources that had been changed outside Puppet and were corrected; null if no catalog was applied to its end",
          "display_as": "Corrected Resources",
          "type": "integer"
        },
        "changed_resources": {
          "description": "Number of resources that Puppet changed; null if no catalog was applied to its end",
          "display_as": "Changed Resources",
          "type": "integer"
        },
        "total_resources": {
          "description": "Number of resources in the catalog; null if no catalog was applied to its end",
          "display_as": "Total Resources",
          "type": "integer"
        },
        "config_retrieval_time": {
          "description": "Seconds it took to retrieve the catalog; null if there was no catalog",
          "display_as": "Config Retrieval Time",
          "type": "number"
        },
        "total_time": {
          "description": "Duration of the whole run in seconds; null if unknown",
          "display_as": "Total Time",
          "type": "number"
        },
        "lastrun_outcome": {
          "description": "What became of the last run: changed, unchanged, failed-resources, failed, no-catalog, incomplete, never, or unknown if its files cannot be read",
          "display_as": "Last Run Outcome",
          "type": "string"
        },
        "logs": {
          "description": "First log messages of the run, each with level, source, message and time",
          "display_as": "Last Run Logs",
          "type": "array",
          "default": []
        },
        "lastrun": {
          "description": "End of the run, in seconds since 1970; 0 if Puppet has never run, null if unknown",
          "display_as": "Last Run",
          "type": "integer"
        },
        "since_lastrun": {
          "description": "Seconds since the run ended",
          "display_as": "Since Last Run",
          "type": "integer"
        },
        "config_version": {
          "description": "Version of the catalog; empty if there was no catalog",
          "display_as": "Config Version",
          "type": "string"
        },
        "type_distribution": {
          "description": "Number of resources of each type that Puppet manages",
          "display_as": "Type Distribution",
          "type": "hash",
          "default": {}
        },
        "summary": {
          "description": "Puppet's own summary of the last run",
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
        },
        {
          "function": "summary",
          "args": ["lastrun_outcome"]
        }
      ]
    },
    {
      "action": "resource",
      "description": "Manages a single resource with Puppet; the node's configuration says which resources are permitted",
      "display": "always",
      "mutating": true,
      "dry_run": "noop",
      "timeout": 300,
      "additional_inputs": true,
      "input": {
        "type": {
          "prompt": "Type",
          "description": "Resource type, such as service",
          "type": "string",
          "validation": "^[a-zA-Z][a-zA-Z0-9_]*(::[a-zA-Z][a-zA-Z0-9_]*)*$",
          "maxlength": 64,
          "optional": false
        },
        "name": {
          "prompt": "Name",
          "description": "Resource title",
          "type": "string",
          "validation": "^\\P{Cc}+$",
          "maxlength": 1000,
          "optional": false
        },
        "noop": {
          "prompt": "No-op",
          "description": "Report what would change without changing it",
          "type": "boolean",
          "optional": true
        }
      },
      "output": {
        "result": {
          "description": "One-line description of the result",
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
          "description": "Log messages of Puppet, each with level, source and message",
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
