// Generated from provision.json by "npm run ddl".
declare const ddl: {
  "$schema": "https://choria.io/schemas/mcorpc/ddl/v1/agent.json",
  "metadata": {
    "name": "provision",
    "description": "The node's half of provisioning: keeps the state, obeys the holder of the lease",
    "author": "Troupe maintainers",
    "license": "Apache-2.0",
    "version": "1.0.0",
    "url": "https://github.com/troupe/troupe",
    "timeout": 60
  },
  "actions": [
    {
      "action": "set_puppet_host",
      "description": "Makes the name of the Puppet server mean an address, in the hosts file or puppet.conf",
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
          "description": "Identity of the Puppet server, to be kept in the record",
          "type": "string",
          "optional": true,
          "validation": "^[a-z0-9][a-z0-9._-]*$",
          "maxlength": 253
        },
        "reason": {
          "prompt": "Reason",
          "description": "Why this server was chosen, to be kept in the record",
          "type": "string",
          "optional": true,
          "validation": ".*",
          "maxlength": 10000
        },
        "token": {
          "prompt": "Token",
          "description": "Fencing token of the lease, as lock_deploy gave it",
          "type": "integer",
          "optional": true
        }
      },
      "output": {
        "file": {
          "description": "The file that holds the address",
          "display_as": "File",
          "type": "string"
        },
        "how": {
          "description": "unchanged, replaced, or written in place where the file cannot be replaced",
          "display_as": "How",
          "type": "string"
        },
        "backup": {
          "description": "Where the old text is, if the file was written in place",
          "display_as": "Backup",
          "type": "string"
        }
      }
    },
    {
      "action": "request_certificate",
      "description": "Makes a key and a CSR and hands the CSR to the CA whose digest is given",
      "display": "always",
      "mutating": true,
      "input": {
        "ca_fingerprint": {
          "prompt": "CA fingerprint",
          "description": "SHA-256 of the CA bundle of the Puppet server in hex; without it the CA cannot be trusted and nothing is sent",
          "type": "string",
          "optional": true,
          "validation": "^([0-9A-Fa-f]{64}|([0-9A-Fa-f]{2}:){31}[0-9A-Fa-f]{2})$",
          "maxlength": 95
        },
        "fresh": {
          "prompt": "Fresh",
          "description": "Make a new key in any case",
          "type": "boolean",
          "optional": true
        },
        "token": {
          "prompt": "Token",
          "description": "Fencing token of the lease, as lock_deploy gave it",
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
          "description": "0: the CA has the request",
          "display_as": "Exit Code",
          "type": "integer"
        },
        "certname": {
          "description": "The name in the request",
          "display_as": "Certname",
          "type": "string"
        },
        "csr_fingerprint": {
          "description": "SHA-256 of the CSR, to be compared by the CA",
          "display_as": "CSR Fingerprint",
          "type": "string"
        },
        "ca_fingerprint": {
          "description": "SHA-256 of the CA bundle that is trusted now",
          "display_as": "CA Fingerprint",
          "type": "string"
        },
        "reused": {
          "description": "Whether the key is that of an earlier attempt",
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
          "description": "The environment; bootstrap unless told",
          "type": "string",
          "optional": true,
          "validation": "^[a-z0-9_]+$",
          "maxlength": 64
        },
        "fresh": {
          "prompt": "Fresh",
          "description": "Start a run in any case, also where the outcome of the last one was not noted",
          "type": "boolean",
          "optional": true
        },
        "token": {
          "prompt": "Token",
          "description": "Fencing token of the lease, as lock_deploy gave it",
          "type": "integer",
          "optional": true
        }
      },
      "output": {
        "output": {
          "description": "The end of what Puppet printed",
          "display_as": "Output",
          "type": "string"
        },
        "exitcode": {
          "description": "Exit code of Puppet; null where none was recorded",
          "display_as": "Exit Code",
          "type": "integer"
        },
        "ok": {
          "description": "Whether the run went well, judged by exit code and report",
          "display_as": "Ok",
          "type": "boolean"
        },
        "outcome": {
          "description": "How the run ended, in a word",
          "display_as": "Outcome",
          "type": "string"
        },
        "reason": {
          "description": "How the run ended, in a sentence",
          "display_as": "Reason",
          "type": "string"
        },
        "run": {
          "description": "Id of the run",
          "display_as": "Run",
          "type": "string"
        },
        "attached": {
          "description": "Whether the run had begun before this request",
          "display_as": "Attached",
          "type": "boolean"
        },
        "environment": {
          "description": "The environment in which the run ended",
          "display_as": "Environment",
          "type": "string"
        },
        "seconds": {
          "description": "How long the run took",
          "display_as": "Seconds",
          "type": "number"
        }
      }
    },
    {
      "action": "run_puppet",
      "description": "Runs Puppet",
      "display": "always",
      "mutating": true,
      "timeout": 3600,
      "input": {
        "environment": {
          "prompt": "Environment",
          "description": "The environment; the host's own unless told",
          "type": "string",
          "optional": true,
          "validation": "^[a-z0-9_]+$",
          "maxlength": 64
        },
        "fresh": {
          "prompt": "Fresh",
          "description": "Start a run in any case, also where the outcome of the last one was not noted",
          "type": "boolean",
          "optional": true
        },
        "token": {
          "prompt": "Token",
          "description": "Fencing token of the lease, as lock_deploy gave it",
          "type": "integer",
          "optional": true
        }
      },
      "output": {
        "output": {
          "description": "The end of what Puppet printed",
          "display_as": "Output",
          "type": "string"
        },
        "exitcode": {
          "description": "Exit code of Puppet; null where none was recorded",
          "display_as": "Exit Code",
          "type": "integer"
        },
        "ok": {
          "description": "Whether the run went well, judged by exit code and report",
          "display_as": "Ok",
          "type": "boolean"
        },
        "outcome": {
          "description": "How the run ended, in a word",
          "display_as": "Outcome",
          "type": "string"
        },
        "reason": {
          "description": "How the run ended, in a sentence",
          "display_as": "Reason",
          "type": "string"
        },
        "run": {
          "description": "Id of the run",
          "display_as": "Run",
          "type": "string"
        },
        "attached": {
          "description": "Whether the run had begun before this request",
          "display_as": "Attached",
          "type": "boolean"
        },
        "environment": {
          "description": "The environment in which the run ended",
          "display_as": "Environment",
          "type": "string"
        },
        "seconds": {
          "description": "How long the run took",
          "display_as": "Seconds",
          "type": "number"
        }
      }
    },
    {
      "action": "daemonize_puppet",
      "description": "Starts Puppet's agent as a daemon or service, unless it runs",
      "display": "always",
      "mutating": true,
      "input": {
        "token": {
          "prompt": "Token",
          "description": "Fencing token of the lease, as lock_deploy gave it",
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
          "description": "Exit code of the command; null where none was needed",
          "display_as": "Exit Code",
          "type": "integer"
        }
      }
    },
    {
      "action": "has_cert",
      "description": "Whether the host has a certificate, and what can be told of it",
      "display": "always",
      "mutating": false,
      "output": {
        "has_cert": {
          "description": "Whether there is a certificate: no proof that it is of use",
          "display_as": "Has Certificate",
          "type": "boolean"
        },
        "usable": {
          "description": "Whether nothing that the host knows speaks against the certificate",
          "display_as": "Usable",
          "type": "boolean"
        },
        "certname": {
          "description": "The name that Puppet uses on this host",
          "display_as": "Certname",
          "type": "string"
        },
        "fingerprint": {
          "description": "SHA-256 of the certificate, to be compared by the CA",
          "display_as": "Fingerprint",
          "type": "string"
        },
        "issuer": {
          "description": "Who issued it",
          "display_as": "Issuer",
          "type": "string"
        },
        "not_after": {
          "description": "Until when it is valid, ISO 8601",
          "display_as": "Valid Until",
          "type": "string"
        },
        "matches_key": {
          "description": "Whether it belongs to the private key",
          "display_as": "Matches Key",
          "type": "boolean"
        },
        "matches_ca": {
          "description": "Whether a CA of the local ca.pem signed it",
          "display_as": "Matches CA",
          "type": "boolean"
        },
        "reason": {
          "description": "What speaks against it",
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
          "description": "Who holds the lease: unique for each provisioner that runs; the caller unless told",
          "type": "string",
          "optional": true,
          "validation": "^[A-Za-z0-9][A-Za-z0-9._:@/#=-]*$",
          "maxlength": 200
        },
        "seconds": {
          "prompt": "Seconds",
          "description": "How long the lease lasts; 300 unless told",
          "type": "integer",
          "optional": true
        },
        "notify": {
          "prompt": "Notify",
          "description": "Take it only to tell people of the quarantine of this node; refused where they know",
          "type": "boolean",
          "optional": true
        }
      },
      "output": {
        "lockfile": {
          "description": "The file that holds the lease",
          "display_as": "Lockfile",
          "type": "string"
        },
        "owner": {
          "description": "Who holds the lease",
          "display_as": "Owner",
          "type": "string"
        },
        "token": {
          "description": "To be sent with every action that changes something",
          "display_as": "Token",
          "type": "integer"
        },
        "expires": {
          "description": "When the lease ends unless it is renewed, ISO 8601",
          "display_as": "Expires",
          "type": "string"
        },
        "seconds": {
          "description": "How long the lease lasts from its last renewal",
          "display_as": "Seconds",
          "type": "integer"
        }
      }
    },
    {
      "action": "renew",
      "description": "Makes the lease last longer",
      "display": "always",
      "mutating": true,
      "input": {
        "token": {
          "prompt": "Token",
          "description": "Fencing token of the lease, as lock_deploy gave it",
          "type": "integer",
          "optional": true
        },
        "seconds": {
          "prompt": "Seconds",
          "description": "How long the lease lasts; 300 unless told",
          "type": "integer",
          "optional": true
        }
      },
      "output": {
        "owner": {
          "description": "Who holds the lease",
          "display_as": "Owner",
          "type": "string"
        },
        "token": {
          "description": "To be sent with every action that changes something",
          "display_as": "Token",
          "type": "integer"
        },
        "expires": {
          "description": "When the lease ends unless it is renewed, ISO 8601",
          "display_as": "Expires",
          "type": "string"
        },
        "seconds": {
          "description": "How long the lease lasts from its last renewal",
          "display_as": "Seconds",
          "type": "integer"
        }
      }
    },
    {
      "action": "unlock_deploy",
      "description": "Ends the lease of this node",
      "display": "always",
      "mutating": true,
      "input": {
        "token": {
          "prompt": "Token",
          "description": "Fencing token of the lease, as lock_deploy gave it",
          "type": "integer",
          "optional": true
        }
      },
      "output": {
        "unlocked": {
          "description": "Whether nobody holds the lease any more",
          "display_as": "Unlocked",
          "type": "boolean"
        }
      }
    },
    {
      "action": "is_locked",
      "description": "Whether somebody holds the lease of this node",
      "display": "always",
      "mutating": false,
      "output": {
        "locked": {
          "description": "Whether a lease is in force",
          "display_as": "Locked",
          "type": "boolean"
        },
        "owner": {
          "description": "Who holds the lease",
          "display_as": "Owner",
          "type": "string"
        },
        "expires": {
          "description": "When the lease ends unless it is renewed, ISO 8601",
          "display_as": "Expires",
          "type": "string"
        }
      },
      "input": {}
    },
    {
      "action": "disable_provisioner",
      "description": "Disables provisioning on this host, for good",
      "display": "always",
      "mutating": true,
      "input": {
        "token": {
          "prompt": "Token",
          "description": "Fencing token of the lease, as lock_deploy gave it",
          "type": "integer",
          "optional": true
        }
      },
      "output": {
        "disablefile": {
          "description": "The file that disables it",
          "display_as": "Disable File",
          "type": "string"
        }
      }
    },
    {
      "action": "is_disabled",
      "description": "Whether provisioning is disabled on this host",
      "display": "always",
      "mutating": false,
      "output": {
        "disabled": {
          "description": "Whether it is disabled",
          "display_as": "Disabled",
          "type": "boolean"
        }
      },
      "input": {}
    },
    {
      "action": "status",
      "description": "The whole record of the provisioning of this node",
      "display": "always",
      "mutating": false,
      "output": {
        "step": {
          "description": "The last step that ended well",
          "display_as": "Step",
          "type": "string"
        },
        "locked": {
          "description": "Whether a lease is in force",
          "display_as": "Locked",
          "type": "boolean"
        },
        "disabled": {
          "description": "Whether provisioning is disabled",
          "display_as": "Disabled",
          "type": "boolean"
        },
        "quarantined": {
          "description": "Whether the node is in quarantine",
          "display_as": "Quarantined",
          "type": "boolean"
        },
        "done": {
          "description": "Whether the provisioning has ended well",
          "display_as": "Done",
          "type": "boolean"
        },
        "lease": {
          "description": "The lease in force: owner, token, seconds, expires",
          "display_as": "Lease",
          "type": "hash"
        },
        "steps": {
          "description": "Each step with its attempts, outcome, reason, seconds, owner and data",
          "display_as": "Steps",
          "type": "array"
        },
        "history": {
          "description": "What happened, oldest first: time, step, attempt, outcome, reason, seconds, owner",
          "display_as": "History",
          "type": "array"
        },
        "master": {
          "description": "The Puppet server: address, identity, reason, since",
          "display_as": "Master",
          "type": "hash"
        },
        "csr": {
          "description": "The last CSR: certname, fingerprint, ca_fingerprint, state, since",
          "display_as": "CSR",
          "type": "hash"
        },
        "run": {
          "description": "The last Puppet run: id, stage, environment, since, running, verdict, noted",
          "display_as": "Run",
          "type": "hash"
        },
        "quarantine": {
          "description": "Why and since when the node is in quarantine",
          "display_as": "Quarantine",
          "type": "hash"
        },
        "finished": {
          "description": "Since when the provisioning is done",
          "display_as": "Finished",
          "type": "hash"
        },
        "damaged": {
          "description": "A record that could not be read: file, reason, since",
          "display_as": "Damaged",
          "type": "hash"
        }
      },
      "input": {}
    },
    {
      "action": "record",
      "description": "Notes that a step began or how it ended",
      "display": "always",
      "mutating": true,
      "input": {
        "step": {
          "prompt": "Step",
          "description": "The name of the step; done ends the provisioning",
          "type": "string",
          "optional": false,
          "validation": "^[a-z][a-z0-9_]*$",
          "maxlength": 64
        },
        "outcome": {
          "prompt": "Outcome",
          "description": "started; ok, skipped or failed, or another word that ends the step",
          "type": "string",
          "optional": false,
          "validation": "^[a-z][a-z-]*$",
          "maxlength": 40
        },
        "reason": {
          "prompt": "Reason",
          "description": "Why",
          "type": "string",
          "optional": true,
          "validation": ".*",
          "maxlength": 10000
        },
        "attempt": {
          "prompt": "Attempt",
          "description": "The number of the attempt; counted by the node unless told",
          "type": "integer",
          "optional": true
        },
        "data": {
          "prompt": "Data",
          "description": "What to find again with the step; master, a hash with address, identity and reason, is kept as the chosen master",
          "type": "hash",
          "optional": true
        },
        "run": {
          "prompt": "Run",
          "description": "Id of the Puppet run whose outcome this is",
          "type": "string",
          "optional": true,
          "validation": "^[A-Za-z0-9_-]+$",
          "maxlength": 64
        },
        "next": {
          "prompt": "Next step",
          "description": "The step that begins with the end of this one: noted as started in the same moment",
          "type": "string",
          "optional": true,
          "validation": "^[a-z][a-z0-9_]*$",
          "maxlength": 64
        },
        "next_attempt": {
          "prompt": "Attempt of the next step",
          "description": "The number of its attempt; counted by the node unless told",
          "type": "integer",
          "optional": true
        },
        "token": {
          "prompt": "Token",
          "description": "Fencing token of the lease, as lock_deploy gave it",
          "type": "integer",
          "optional": true
        }
      },
      "output": {
        "step": {
          "description": "The step",
          "display_as": "Step",
          "type": "string"
        },
        "attempt": {
          "description": "The number of the attempt",
          "display_as": "Attempt",
          "type": "integer"
        }
      }
    },
    {
      "action": "quarantine",
      "description": "Puts the node aside until it is released",
      "display": "always",
      "mutating": true,
      "input": {
        "reason": {
          "prompt": "Reason",
          "description": "Why, in words",
          "type": "string",
          "optional": false,
          "validation": ".*",
          "maxlength": 10000
        },
        "notify": {
          "prompt": "Notify",
          "description": "People have still to be told: the step notify begins in the same moment",
          "type": "boolean",
          "optional": true
        },
        "token": {
          "prompt": "Token",
          "description": "Fencing token of the lease, as lock_deploy gave it",
          "type": "integer",
          "optional": true
        }
      },
      "output": {
        "since": {
          "description": "Since when, ISO 8601",
          "display_as": "Since",
          "type": "string"
        }
      }
    },
    {
      "action": "release",
      "description": "Ends the quarantine and counts attempts from zero",
      "display": "always",
      "mutating": true,
      "input": {
        "fresh": {
          "prompt": "Fresh",
          "description": "Forget what was reached as well: steps, CSR and the last Puppet run",
          "type": "boolean",
          "optional": true
        },
        "token": {
          "prompt": "Token",
          "description": "Fencing token of the lease, as lock_deploy gave it",
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
      "description": "Has the daemon read its configuration again and reconnect",
      "display": "always",
      "mutating": true,
      "input": {
        "token": {
          "prompt": "Token",
          "description": "Fencing token of the lease, as lock_deploy gave it",
          "type": "integer",
          "optional": true
        }
      },
      "output": {
        "restarting": {
          "description": "Whether the daemon will",
          "display_as": "Restarting",
          "type": "boolean"
        }
      }
    }
  ]
};
export = ddl;
