// Generated from puppetca.json by "npm run ddl".
declare const ddl: {
  "$schema": "https://choria.io/schemas/mcorpc/ddl/v1/agent.json",
  "metadata": {
    "name": "puppetca",
    "description": "Lists, signs, rejects, revokes and cleans the certificates of a Puppet CA",
    "author": "Troupe maintainers",
    "license": "Apache-2.0",
    "version": "1.2.0",
    "url": "https://github.com/troupe/troupe",
    "timeout": 60
  },
  "actions": [
    {
      "action": "info",
      "description": "Shows the address of the CA and the fingerprint of its certificate",
      "display": "always",
      "mutating": false,
      "input": {},
      "output": {
        "backend": {
          "description": "How the agent accesses the CA: http, cli or builtin",
          "display_as": "Backend",
          "type": "string"
        },
        "certname": {
          "description": "Certname of the Puppet Server that runs the CA",
          "display_as": "Server",
          "type": "string"
        },
        "address": {
          "description": "Address at which nodes connect to the CA",
          "display_as": "Address",
          "type": "string"
        },
        "port": {
          "description": "TCP port at which nodes connect to the CA",
          "display_as": "Port",
          "type": "integer"
        },
        "ca_fingerprint": {
          "description": "SHA-256 of the CA's certificate file as the CA serves it, in lowercase hex",
          "display_as": "CA Fingerprint",
          "type": "string"
        },
        "ca_subject": {
          "description": "Subject of the CA certificate that signs requests",
          "display_as": "CA Subject",
          "type": "string"
        }
      },
      "aggregate": [
        {
          "function": "summary",
          "args": ["backend"]
        }
      ]
    },
    {
      "action": "list",
      "description": "Lists certificate requests and certificates by name, as many as fit in one reply",
      "display": "always",
      "mutating": false,
      "input": {
        "state": {
          "prompt": "State",
          "description": "List only requests and certificates in this state",
          "type": "list",
          "list": ["requested", "signed", "revoked"],
          "optional": true
        },
        "match": {
          "prompt": "Match",
          "description": "List only names that contain this text, or that match this regular expression, such as /^web/",
          "type": "string",
          "optional": true,
          "validation": "^\\P{Cc}+$",
          "maxlength": 253
        },
        "limit": {
          "prompt": "Limit",
          "description": "Maximum number of names (default: as many as fit in one reply)",
          "type": "integer",
          "optional": true
        },
        "after": {
          "prompt": "After",
          "description": "Continue after this name: the output next of the previous reply",
          "type": "string",
          "optional": true,
          "validation": "^[a-z0-9._-]+$",
          "maxlength": 253
        }
      },
      "output": {
        "requests": {
          "description": "Certnames of the requests that wait to be signed",
          "display_as": "Waiting CSRs",
          "type": "array"
        },
        "signed": {
          "description": "Certnames of the certificates that are signed and not revoked",
          "display_as": "Signed",
          "type": "array"
        },
        "revoked": {
          "description": "Certnames of the certificates that are revoked and not cleaned",
          "display_as": "Revoked",
          "type": "array"
        },
        "certificates": {
          "description": "All requests and certificates found, each with the outputs of the status action",
          "display_as": "Certificates",
          "type": "array"
        },
        "total": {
          "description": "Number of requests and certificates that match, on all pages",
          "display_as": "Total",
          "type": "integer"
        },
        "next": {
          "description": "If there are more: the value of after for the next page; otherwise null",
          "display_as": "Next Page After",
          "type": "string"
        }
      }
    },
    {
      "action": "status",
      "description": "Shows the certificate or the pending request of a certname",
      "display": "always",
      "mutating": false,
      "input": {
        "certname": {
          "prompt": "Certificate Name",
          "description": "Certname to look up",
          "type": "string",
          "validation": "^[a-z0-9][a-z0-9._-]*$",
          "maxlength": 253,
          "optional": false
        }
      },
      "output": {
        "msg": {
          "description": "State of the certificate as text, such as awaiting signature",
          "display_as": "Result",
          "type": "string"
        },
        "certname": {
          "description": "Certname that was looked up",
          "display_as": "Certificate Name",
          "type": "string"
        },
        "state": {
          "description": "State of the certificate: requested, signed, revoked or missing",
          "display_as": "State",
          "type": "string"
        },
        "fingerprint": {
          "description": "SHA-256 fingerprint of the pending request, or of the certificate once it is signed",
          "display_as": "Fingerprint",
          "type": "string"
        },
        "serial": {
          "description": "Serial number of the certificate in uppercase hex",
          "display_as": "Serial Number",
          "type": "string"
        },
        "not_before": {
          "description": "When the certificate becomes valid, in ISO 8601",
          "display_as": "Valid From",
          "type": "string"
        },
        "not_after": {
          "description": "When the certificate expires, in ISO 8601",
          "display_as": "Expires",
          "type": "string"
        },
        "subject_alt_names": {
          "description": "Subject alternative names, requested or certified, such as DNS:web1.example.net",
          "display_as": "Alternative Names",
          "type": "array"
        },
        "authorization_extensions": {
          "description": "Puppet's authorization extensions, requested or certified, such as pp_cli_auth",
          "display_as": "Authorization Extensions",
          "type": "hash"
        }
      },
      "aggregate": [
        {
          "function": "summary",
          "args": ["state"]
        }
      ]
    },
    {
      "action": "request",
      "description": "Shows a pending certificate request with its challenge password, to decide whether to sign it",
      "display": "always",
      "mutating": false,
      "input": {
        "certname": {
          "prompt": "Certificate Name",
          "description": "Certname of the request",
          "type": "string",
          "validation": "^[a-z0-9][a-z0-9._-]*$",
          "maxlength": 253,
          "optional": false
        }
      },
      "output": {
        "certname": {
          "description": "Certname that was looked up",
          "display_as": "Certificate Name",
          "type": "string"
        },
        "fingerprint": {
          "description": "SHA-256 fingerprint of the request",
          "display_as": "Fingerprint",
          "type": "string"
        },
        "key": {
          "description": "Type and size of the requested key, such as RSA 2048",
          "display_as": "Key",
          "type": "string"
        },
        "subject_alt_names": {
          "description": "Requested subject alternative names, such as DNS:www.example.net",
          "display_as": "Alternative Names",
          "type": "array"
        },
        "extensions": {
          "description": "Requested extensions by Puppet's short name, such as pp_role, or by OID",
          "display_as": "Extensions",
          "type": "hash"
        },
        "challenge_password": {
          "description": "Challenge password with which the requesting node can prove its identity",
          "display_as": "Challenge Password",
          "type": "string"
        },
        "refusal": {
          "description": "Why the sign action would refuse the request; empty if it would sign it",
          "display_as": "Refusal",
          "type": "string"
        }
      }
    },
    {
      "action": "sign",
      "description": "Signs a pending request if it has the given fingerprint",
      "display": "always",
      "mutating": true,
      "input": {
        "certname": {
          "prompt": "Certificate Name",
          "description": "Certname of the request",
          "type": "string",
          "validation": "^[a-z0-9][a-z0-9._-]*$",
          "maxlength": 253,
          "optional": false
        },
        "fingerprint": {
          "prompt": "Fingerprint",
          "description": "SHA-256 fingerprint of the request as the node reports it: 32 pairs of hex digits separated by colons",
          "type": "string",
          "validation": "^[0-9A-Fa-f]{2}(:[0-9A-Fa-f]{2}){31}$",
          "maxlength": 95,
          "optional": false
        }
      },
      "output": {
        "out": {
          "description": "One-line description of the result",
          "display_as": "Result",
          "type": "string"
        },
        "fingerprint": {
          "description": "SHA-256 fingerprint of the certificate",
          "display_as": "Certificate Fingerprint",
          "type": "string"
        },
        "csr_fingerprint": {
          "description": "SHA-256 fingerprint of the request that was signed",
          "display_as": "Request Fingerprint",
          "type": "string"
        },
        "serial": {
          "description": "Serial number of the certificate in uppercase hex",
          "display_as": "Serial Number",
          "type": "string"
        },
        "not_after": {
          "description": "When the certificate expires, in ISO 8601",
          "display_as": "Expires",
          "type": "string"
        }
      }
    },
    {
      "action": "reject",
      "description": "Deletes a pending request without signing it",
      "display": "always",
      "mutating": true,
      "input": {
        "certname": {
          "prompt": "Certificate Name",
          "description": "Certname of the request",
          "type": "string",
          "validation": "^[a-z0-9][a-z0-9._-]*$",
          "maxlength": 253,
          "optional": false
        },
        "fingerprint": {
          "prompt": "Fingerprint",
          "description": "SHA-256 fingerprint of the request; a request with another fingerprint is not deleted",
          "type": "string",
          "validation": "^[0-9A-Fa-f]{2}(:[0-9A-Fa-f]{2}){31}$",
          "maxlength": 95,
          "optional": true
        }
      },
      "output": {
        "out": {
          "description": "One-line description of the result",
          "display_as": "Result",
          "type": "string"
        },
        "fingerprint": {
          "description": "SHA-256 fingerprint of the request that was deleted",
          "display_as": "Request Fingerprint",
          "type": "string"
        }
      }
    },
    {
      "action": "revoke",
      "description": "Revokes a certificate and keeps its file",
      "display": "always",
      "mutating": true,
      "input": {
        "certname": {
          "prompt": "Certificate Name",
          "description": "Certname of the certificate to revoke",
          "type": "string",
          "validation": "^[a-z0-9][a-z0-9._-]*$",
          "maxlength": 253,
          "optional": false
        }
      },
      "output": {
        "out": {
          "description": "One-line description of the result",
          "display_as": "Result",
          "type": "string"
        },
        "revoked": {
          "description": "Whether this call revoked the certificate; false if it had been revoked before",
          "display_as": "Revoked",
          "type": "boolean"
        }
      }
    },
    {
      "action": "clean",
      "description": "Revokes the certificate of a certname and deletes the certificate and the request; does nothing if neither exists",
      "display": "always",
      "mutating": true,
      "input": {
        "certname": {
          "prompt": "Certificate Name",
          "description": "Certname to clean",
          "type": "string",
          "validation": "^[a-z0-9][a-z0-9._-]*$",
          "maxlength": 253,
          "optional": false
        },
        "fingerprint": {
          "prompt": "Fingerprint",
          "description": "SHA-256 fingerprint of the certificate or request; nothing is cleaned if it has another one",
          "type": "string",
          "validation": "^[0-9A-Fa-f]{2}(:[0-9A-Fa-f]{2}){31}$",
          "maxlength": 95,
          "optional": true
        }
      },
      "output": {
        "out": {
          "description": "One-line description of the result",
          "display_as": "Result",
          "type": "string"
        },
        "revoked": {
          "description": "Whether this call revoked a certificate",
          "display_as": "Revoked",
          "type": "boolean"
        },
        "deleted": {
          "description": "Whether this call deleted a certificate or a request",
          "display_as": "Deleted",
          "type": "boolean"
        }
      },
      "aggregate": [
        {
          "function": "summary",
          "args": ["revoked"]
        },
        {
          "function": "summary",
          "args": ["deleted"]
        }
      ]
    }
  ]
};
export = ddl;
