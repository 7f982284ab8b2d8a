// Generated from provision.json by "npm run ddl".
declare const ddl: {
  "$schema": "https://choria.io/schemas/mcorpc/ddl/v1/agent.json",
  "metadata": {
    "name": "provision",
    "description": "Provisioning on the node: keeps the state and acts for the holder of the lease",
    "author": "Troupe maintainers",
    "license": "Apache-2.0",
    "version": "1.1.0",
    "url": "https://github.com/troupe/troupe",
    "timeout": 60
  },
  "actions": [
    {
      "action": "set_puppet_host",
      "description": "Sets the address of the Puppet server, in the hosts file or puppet.conf",
      "display": "always",
      "mutating": true,
      "input": {
        "ipaddress": {
          "prompt": "IP address",
          "description": "IPv4 or IPv6 address of the Puppet server",
          "type": "string",
          "optional": false,
          "validation": "ipaddress",
          "maxlength": 45
        },
        "master": {
          "prompt": "Master",
          "description": "Identity of the Puppet server, kept in the record",
          "type": "string",
          "optional": true,
          "validation": "^[a-z0-9][a-z0-9._-]*$",
          "maxlength": 253
        },
        "reason": {
          "prompt": "Reason",
          "description": "Why this server was chosen, kept in the record",
          "type": "string",
          "optional": true,
          "validation": ".*",
          "maxlength": 10000
        },
        "token": {
          "prompt": "Token",
          "description": "Fencing token of the lease, as returned by lock_deploy",
          "type": "integer",
          "optional": true
        }
      },
      "output": {
        "file": {
          "description": "File that contains the address",
          "display_as": "File",
          "type": "string"
        },
        "how": {
          "description": "How the file was changed: unchanged, replaced, or written in place if the file cannot be replaced",
          "display_as": "How",
          "type": "string"
        },
        "backup": {
          "description": "File with the old contents, if the file was written in place",
          "display_as": "Backup",
          "type": "string"
        }
      }
    },
    {
      "action": "accept_receipt",
      "description": "Keeps the receipt of the enrolment, which replaces the enrolment token in all later messages",
      "display": "always",
      "mutating": true,
      "input": {
        "receipt": {
          "prompt": "Receipt",
          "description": "Receipt: a JWS signed by the provisioner",
          "type": "string",
          "optional": false,
          "validation": "^[A-Za-z0-9_.-]+$",
          "maxlength": 60000
        },
        "token": {
          "prompt": "Token",
          "description": "Fencing token of the lease, as returned by lock_deploy",
          "type": "integer",
          "optional": true
        }
      },
      "output": {
        "serial": {
          "description": "Serial number of the receipt",
          "display_as": "Serial",
          "type": "string"
        }
      }
    },
    {
      "action": "request_certificate",
      "description": "Makes a key and a CSR and submits the CSR to the CA with the given digest",
      "display": "always",
      "mutating": true,
      "input": {
        "ca_fingerprint": {
          "prompt": "CA fingerprint",
          "description": "SHA-256 digest of the CA bundle of the Puppet server, in hex; required if a token is given",
          "type": "string",
          "optional": true,
          "validation": "^([0-9A-Fa-f]{64}|([0-9A-Fa-f]{2}:){31}[0-9A-Fa-f]{2})$",
          "maxlength": 95
        },
        "fresh": {
          "prompt": "New key",
          "description": "Make a new key even if one exists",
          "type": "boolean",
          "optional": true
        },
        "token": {
          "prompt": "Token",
          "description": "Fencing token of the lease, as returned by lock_deploy",
          "type": "integer",
          "optional": true
        }
      },
      "timeout": 120,
      "output": {
        "output": {
          "description": "What was done",
          "display_as": "Output",
          "type": "string"
        },
        "exitcode": {
          "description": "0 if the CA has accepted the request",
          "display_as": "Exit Code",
          "type": "integer"
        },
        "certname": {
          "description": "Name in the CSR",
          "display_as": "Certname",
          "type": "string"
        },
        "csr_fingerprint": {
          "description": "SHA-256 fingerprint of the CSR, to be compared with the one on the CA",
          "display_as": "CSR Fingerprint",
          "type": "string"
        },
        "ca_fingerprint": {
          "description": "SHA-256 digest of the CA bundle that is now trusted",
          "display_as": "CA Fingerprint",
          "type": "string"
        },
        "reused": {
          "description": "Whether the key of an earlier attempt was used",
          "display_as": "Key Reused",
          "type": "boolean"
        }
      }
    },
    {
      "action": "bootstrap_puppet",
      "description": "Runs Puppet in the bootstrap environment",
      "display": "always",
      "mutating": true,
      "timeout": 3600,
      "input": {
        "environment": {
          "prompt": "Environment",
          "description": "Puppet environment; default: bootstrap",
          "type": "string",
          "optional": true,
          "validation": "^[a-z0-9_]+$",
          "maxlength": 64
        },
        "fresh": {
          "prompt": "New run",
          "description": "Start a new run even if the outcome of the last one is not recorded yet",
          "type": "boolean",
          "optional": true
        },
        "token": {
          "prompt": "Token",
          "description": "Fencing token of the lease, as returned by lock_deploy",
          "type": "integer",
          "optional": true
        }
      },
      "output": {
        "output": {
          "description": "End of the output of Puppet",
          "display_as": "Output",
          "type": "string"
        },
        "exitcode": {
          "description": "Exit code of Puppet; null if none was recorded",
          "display_as": "Exit Code",
          "type": "integer"
        },
        "ok": {
          "description": "Whether the run succeeded, according to exit code and report",
          "display_as": "Ok",
          "type": "boolean"
        },
        "outcome": {
          "description": "Outcome of the run, as a keyword",
          "display_as": "Outcome",
          "type": "string"
        },
        "reason": {
          "description": "Outcome of the run, as a sentence",
          "display_as": "Reason",
          "type": "string"
        },
        "run": {
          "description": "Id of the run",
          "display_as": "Run",
          "type": "string"
        },
        "attached": {
          "description": "Whether the run had started before this request",
          "display_as": "Attached",
          "type": "boolean"
        },
        "environment": {
          "description": "Environment in which the run ended",
          "display_as": "Environment",
          "type": "string"
        },
        "failed_resources": {
          "description": "First resources that failed, each with resource, message, and file and line in the manifest",
          "display_as": "Failed Resources",
          "type": "array"
        },
        "seconds": {
          "description": "Duration of the run in seconds",
          "display_as": "Seconds",
          "type": "number"
        }
      }
    },
    {
      "action": "run_puppet",
      "description": "Runs Puppet in the environment of the host",
      "display": "always",
      "mutating": true,
      "timeout": 3600,
      "input": {
        "environment": {
          "prompt": "Environment",
          "description": "Puppet environment; default: the environment of the host",
          "type": "string",
          "optional": true,
          "validation": "^[a-z0-9_]+$",
          "maxlength": 64
        },
        "fresh": {
          "prompt": "New run",
          "description": "Start a new run even if the outcome of the last one is not recorded yet",
          "type": "boolean",
          "optional": true
        },
        "token": {
          "prompt": "Token",
          "description": "Fencing token of the lease, as returned by lock_deploy",
          "type": "integer",
          "optional": true
        }
      },
      "output": {
        "output": {
          "description": "End of the output of Puppet",
          "display_as": "Output",
          "type": "string"
        },
        "exitcode": {
          "description": "Exit code of Puppet; null if none was recorded",
          "display_as": "Exit Code",
          "type": "integer"
        },
        "ok": {
          "description": "Whether the run succeeded, according to exit code and report",
          "display_as": "Ok",
          "type": "boolean"
        },
        "outcome": {
          "description": "Outcome of the run, as a keyword",
          "display_as": "Outcome",
          "type": "string"
        },
        "reason": {
          "description": "Outcome of the run, as a sentence",
          "display_as": "Reason",
          "type": "string"
        },
        "run": {
          "description": "Id of the run",
          "display_as": "Run",
          "type": "string"
        },
        "attached": {
          "description": "Whether the run had started before this request",
          "display_as": "Attached",
          "type": "boolean"
        },
        "environment": {
          "description": "Environment in which the run ended",
          "display_as": "Environment",
          "type": "string"
        },
        "failed_resources": {
          "description": "First resources that failed, each with resource, message, and file and line in the manifest",
          "display_as": "Failed Resources",
          "type": "array"
        },
        "seconds": {
          "description": "Duration of the run in seconds",
          "display_as": "Seconds",
          "type": "number"
        }
      }
    },
    {
      "action": "daemonize_puppet",
      "description": "Starts the Puppet agent as a daemon or service, unless it is running",
      "display": "always",
      "mutating": true,
      "input": {
        "token": {
          "prompt": "Token",
          "description": "Fencing token of the lease, as returned by lock_deploy",
          "type": "integer",
          "optional": true
        }
      },
      "output": {
        "output": {
          "description": "What was done",
          "display_as": "Output",
          "type": "string"
        },
        "exitcode": {
          "description": "Exit code of the command; null if none was needed",
          "display_as": "Exit Code",
          "type": "integer"
        }
      }
    },
    {
      "action": "has_cert",
      "description": "Checks whether the host has a certificate, and describes it",
      "display": "always",
      "mutating": false,
      "output": {
        "has_cert": {
          "description": "Whether a certificate exists, usable or not",
          "display_as": "Has Certificate",
          "type": "boolean"
        },
        "usable": {
          "description": "Whether the host finds nothing wrong with the certificate",
          "display_as": "Usable",
          "type": "boolean"
        },
        "certname": {
          "description": "Name that Puppet uses for this host",
          "display_as": "Certname",
          "type": "string"
        },
        "fingerprint": {
          "description": "SHA-256 fingerprint of the certificate, to be compared with the one on the CA",
          "display_as": "Fingerprint",
          "type": "string"
        },
        "issuer": {
          "description": "Issuer of the certificate",
          "display_as": "Issuer",
          "type": "string"
        },
        "not_after": {
          "description": "When the certificate expires, ISO 8601",
          "display_as": "Valid Until",
          "type": "string"
        },
        "matches_key": {
          "description": "Whether the certificate matches the private key",
          "display_as": "Matches Key",
          "type": "boolean"
        },
        "matches_ca": {
          "description": "Whether the certificate is signed by a CA in the local ca.pem",
          "display_as": "Matches CA",
          "type": "boolean"
        },
        "reason": {
          "description": "Why the certificate is not usable",
          "display_as": "Reason",
          "type": "string"
        }
      },
      "input": {}
    },
    {
      "action": "lock_deploy",
      "description": "Takes the lease of this node",
      "display": "always",
      "mutating": true,
      "input": {
        "owner": {
          "prompt": "Owner",
          "description": "Owner of the lease, unique for each running provisioner; default: the caller",
          "type": "string",
          "optional": true,
          "validation": "^[A-Za-z0-9][A-Za-z0-9._:@/#=-]*$",
          "maxlength": 200
        },
        "seconds": {
          "prompt": "Seconds",
          "description": "Duration of the lease in seconds; default: 300",
          "type": "integer",
          "optional": true
        },
        "notify": {
          "prompt": "Notification only",
          "description": "Take the lease only to send the notification about the quarantine of this node; refused if none is pending",
          "type": "boolean",
          "optional": true
        }
      },
      "output": {
        "lockfile": {
          "description": "File that contains the lease",
          "display_as": "Lockfile",
          "type": "string"
        },
        "owner": {
          "description": "Owner of the lease",
          "display_as": "Owner",
          "type": "string"
        },
        "token": {
          "description": "Fencing token, required by every action that changes something",
          "display_as": "Token",
          "type": "integer"
        },
        "expires": {
          "description": "When the lease expires unless it is renewed, ISO 8601",
          "display_as": "Expires",
          "type": "string"
        },
        "seconds": {
          "description": "Duration of the lease from its last renewal, in seconds",
          "display_as": "Seconds",
          "type": "integer"
        }
      }
    },
    {
      "action": "renew",
      "description": "Renews the lease",
      "display": "always",
      "mutating": true,
      "input": {
        "token": {
          "prompt": "Token",
          "description": "Fencing token of the lease, as returned by lock_deploy",
          "type": "integer",
          "optional": true
        },
        "seconds": {
          "prompt": "Seconds",
          "description": "Duration of the lease in seconds; default: 300",
          "type": "integer",
          "optional": true
        }
      },
      "output": {
        "owner": {
          "description": "Owner of the lease",
          "display_as": "Owner",
          "type": "string"
        },
        "token": {
          "description": "Fencing token, required by every action that changes something",
          "display_as": "Token",
          "type": "integer"
        },
        "expires": {
          "description": "When the lease expires unless it is renewed, ISO 8601",
          "display_as": "Expires",
          "type": "string"
        },
        "seconds": {
          "description": "Duration of the lease from its last renewal, in seconds",
          "display_as": "Seconds",
          "type": "integer"
        }
      }
    },
    {
      "action": "unlock_deploy",
      "description": "Releases the lease of this node",
      "display": "always",
      "mutating": true,
      "input": {
        "token": {
          "prompt": "Token",
          "description": "Fencing token of the lease, as returned by lock_deploy",
          "type": "integer",
          "optional": true
        }
      },
      "output": {
        "unlocked": {
          "description": "Whether the lease is free now",
          "display_as": "Unlocked",
          "type": "boolean"
        }
      }
    },
    {
      "action": "is_locked",
      "description": "Checks whether the lease of this node is held",
      "display": "always",
      "mutating": false,
      "output": {
        "locked": {
          "description": "Whether the lease is held",
          "display_as": "Locked",
          "type": "boolean"
        },
        "owner": {
          "description": "Owner of the lease",
          "display_as": "Owner",
          "type": "string"
        },
        "expires": {
          "description": "When the lease expires unless it is renewed, ISO 8601",
          "display_as": "Expires",
          "type": "string"
        }
      },
      "input": {}
    },
    {
      "action": "disable_provisioner",
      "description": "Disables provisioning on this host permanently",
      "display": "always",
      "mutating": true,
      "input": {
        "token": {
          "prompt": "Token",
          "description": "Fencing token of the lease, as returned by lock_deploy",
          "type": "integer",
          "optional": true
        }
      },
      "output": {
        "disablefile": {
          "description": "File that disables provisioning",
          "display_as": "Disable File",
          "type": "string"
        }
      }
    },
    {
      "action": "is_disabled",
      "description": "Checks whether provisioning is disabled on this host",
      "display": "always",
      "mutating": false,
      "output": {
        "disabled": {
          "description": "Whether provisioning is disabled on this host",
          "display_as": "Disabled",
          "type": "boolean"
        }
      },
      "input": {}
    },
    {
      "action": "status",
      "description": "Shows the provisioning record of this node",
      "display": "always",
      "mutating": false,
      "output": {
        "contract": {
          "description": "Version of the contract of the provision agent that this agent fulfils",
          "display_as": "Contract",
          "type": "integer"
        },
        "certname": {
          "description": "Name that Puppet uses for this host; null if it is not known yet",
          "display_as": "Certname",
          "type": "string"
        },
        "step": {
          "description": "Last step that succeeded or was skipped",
          "display_as": "Step",
          "type": "string"
        },
        "locked": {
          "description": "Whether the lease is held",
          "display_as": "Locked",
          "type": "boolean"
        },
        "disabled": {
          "description": "Whether provisioning is disabled on this host",
          "display_as": "Disabled",
          "type": "boolean"
        },
        "quarantined": {
          "description": "Whether the node is in quarantine",
          "display_as": "Quarantined",
          "type": "boolean"
        },
        "done": {
          "description": "Whether provisioning is done",
          "display_as": "Done",
          "type": "boolean"
        },
        "lease": {
          "description": "Current lease: owner, token, seconds, expires",
          "display_as": "Lease",
          "type": "hash"
        },
        "steps": {
          "description": "Steps with attempts, outcome, reason, seconds, owner and data",
          "display_as": "Steps",
          "type": "array"
        },
        "history": {
          "description": "History, oldest first: time, step, attempt, outcome, reason, seconds, owner",
          "display_as": "History",
          "type": "array"
        },
        "master": {
          "description": "Puppet server: address, identity, reason, since",
          "display_as": "Master",
          "type": "hash"
        },
        "csr": {
          "description": "Last CSR: certname, fingerprint, ca_fingerprint, state, since",
          "display_as": "CSR",
          "type": "hash"
        },
        "run": {
          "description": "Last Puppet run: id, stage, environment, since, running, verdict, noted",
          "display_as": "Run",
          "type": "hash"
        },
        "quarantine": {
          "description": "Quarantine: reason, since",
          "display_as": "Quarantine",
          "type": "hash"
        },
        "finished": {
          "description": "When provisioning was done",
          "display_as": "Finished",
          "type": "hash"
        },
        "damaged": {
          "description": "Damaged record that was replaced: file, reason, since",
          "display_as": "Damaged",
          "type": "hash"
        }
      },
      "input": {}
    },
    {
      "action": "record",
      "description": "Records that a step started or how it ended",
      "display": "always",
      "mutating": true,
      "input": {
        "step": {
          "prompt": "Step",
          "description": "Name of the step; done ends the provisioning",
          "type": "string",
          "optional": false,
          "validation": "^[a-z][a-z0-9_]*$",
          "maxlength": 64
        },
        "outcome": {
          "prompt": "Outcome",
          "description": "started, or a word that ends the step: ok, skipped, failed or another",
          "type": "string",
          "optional": false,
          "validation": "^[a-z][a-z-]*$",
          "maxlength": 40
        },
        "reason": {
          "prompt": "Reason",
          "description": "Reason for the outcome",
          "type": "string",
          "optional": true,
          "validation": ".*",
          "maxlength": 10000
        },
        "attempt": {
          "prompt": "Attempt",
          "description": "Number of the attempt; default: counted by the node",
          "type": "integer",
          "optional": true
        },
        "data": {
          "prompt": "Data",
          "description": "Data to keep with the step; master, a hash with address, identity and reason, is kept as the chosen master",
          "type": "hash",
          "optional": true
        },
        "run": {
          "prompt": "Puppet run",
          "description": "Id of the Puppet run that has this outcome",
          "type": "string",
          "optional": true,
          "validation": "^[A-Za-z0-9_-]+$",
          "maxlength": 64
        },
        "next": {
          "prompt": "Next step",
          "description": "Step that starts when this one ends: recorded as started at the same time",
          "type": "string",
          "optional": true,
          "validation": "^[a-z][a-z0-9_]*$",
          "maxlength": 64
        },
        "next_attempt": {
          "prompt": "Attempt of the next step",
          "description": "Number of the attempt of the next step; default: counted by the node",
          "type": "integer",
          "optional": true
        },
        "token": {
          "prompt": "Token",
          "description": "Fencing token of the lease, as returned by lock_deploy",
          "type": "integer",
          "optional": true
        }
      },
      "output": {
        "step": {
          "description": "Name of the step",
          "display_as": "Step",
          "type": "string"
        },
        "attempt": {
          "description": "Number of the attempt",
          "display_as": "Attempt",
          "type": "integer"
        }
      }
    },
    {
      "action": "quarantine",
      "description": "Quarantines the node until it is released",
      "display": "always",
      "mutating": true,
      "input": {
        "reason": {
          "prompt": "Reason",
          "description": "Reason for the quarantine",
          "type": "string",
          "optional": false,
          "validation": ".*",
          "maxlength": 10000
        },
        "notify": {
          "prompt": "Notification pending",
          "description": "Keep a notification pending: the step notify is recorded as started at the same time",
          "type": "boolean",
          "optional": true
        },
        "token": {
          "prompt": "Token",
          "description": "Fencing token of the lease, as returned by lock_deploy",
          "type": "integer",
          "optional": true
        }
      },
      "output": {
        "since": {
          "description": "When the quarantine started, ISO 8601",
          "display_as": "Since",
          "type": "string"
        }
      }
    },
    {
      "action": "release",
      "description": "Ends the quarantine and resets the attempts to zero",
      "display": "always",
      "mutating": true,
      "input": {
        "fresh": {
          "prompt": "From the start",
          "description": "Also forget the steps, the CSR and the last Puppet run",
          "type": "boolean",
          "optional": true
        },
        "token": {
          "prompt": "Token",
          "description": "Fencing token of the lease, as returned by lock_deploy",
          "type": "integer",
          "optional": true
        }
      },
      "output": {
        "released": {
          "description": "Whether the node was in quarantine",
          "display_as": "Released",
          "type": "boolean"
        }
      }
    },
    {
      "action": "restart",
      "description": "Makes the daemon reload its configuration and reconnect",
      "display": "always",
      "mutating": true,
      "input": {
        "token": {
          "prompt": "Token",
          "description": "Fencing token of the lease, as returned by lock_deploy",
          "type": "integer",
          "optional": true
        }
      },
      "output": {
        "restarting": {
          "description": "Whether the daemon will restart",
          "display_as": "Restarting",
          "type": "boolean"
        }
      }
    }
  ]
};
export = ddl;
