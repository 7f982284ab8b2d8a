// Generated from puppetca.json by "npm run ddl".
declare const ddl: {
  "$schema": "https://choria.io/schemas/mcorpc/ddl/v1/agent.json",
  "metadata": {
    "name": "puppetca",
    "description": "Lists, signs, rejects, revokes and cleans the certificates of a Puppet CA",
    "author": "Troupe maintainers",
    "license": "Apache-2.0",
    "version": "1.1.0",
    "url": "https://github.com/troupe/troupe",
    "timeout": 60
  },
  "actions": [
    {
      "action": "info",
      "description": "Where nodes reach this CA, and by which digest they know it",
      "display": "always",
      "mutating": false,
      "input": {},
      "output": {
        "backend": {
          "description": "How the CA is spoken to: http, cli or builtin",
          "display_as": "Backend",
          "type": "string"
        },
        "certname": {
          "description": "The name of the Puppet Server that runs the CA",
          "display_as": "Server",
          "type": "string"
        },
        "address": {
          "description": "The address at which nodes reach the CA",
          "display_as": "Address",
          "type": "string"
        },
        "port": {
          "description": "The TCP port at which nodes reach the CA",
          "display_as": "Port",
          "type": "integer"
        },
        "ca_fingerprint": {
          "description": "SHA-256 of the bytes of the CA's certificate file as it serves it, in lower-case hex",
          "display_as": "CA Fingerprint",
          "type": "string"
        },
        "ca_subject": {
          "description": "The subject of the certificate that signs",
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
      "description": "Lists requests and certificates",
      "display": "always",
      "mutating": false,
      "input": {
        "state": {
          "prompt": "State",
          "description": "Only what is in this state",
          "type": "list",
          "list": ["requested", "signed", "revoked"],
          "optional": true
        }
      },
      "output": {
        "requests": {
          "description": "The names of the requests that wait for a signature",
          "display_as": "Waiting CSRs",
          "type": "array"
        },
        "signed": {
          "description": "The names of the certificates that are signed and not revoked",
          "display_as": "Signed",
          "type": "array"
        },
        "revoked": {
          "description": "The names of the certificates that are revoked and not cleaned",
          "display_as": "Revoked",
          "type": "array"
        },
        "certificates": {
          "description": "All that was found, each with the outputs of the action status",
          "display_as": "Certificates",
          "type": "array"
        }
      }
    },
    {
      "action": "status",
      "description": "What the CA knows of a name",
      "display": "always",
      "mutating": false,
      "input": {
        "certname": {
          "prompt": "Certificate Name",
          "description": "The name to look up",
          "type": "string",
          "validation": "^[a-z0-9][a-z0-9._-]*$",
          "maxlength": 253,
          "optional": false
        }
      },
      "output": {
        "msg": {
          "description": "The state in words",
          "display_as": "Result",
          "type": "string"
        },
        "certname": {
          "description": "The name that was looked up",
          "display_as": "Certificate Name",
          "type": "string"
        },
        "state": {
          "description": "requested, signed, revoked or missing",
          "display_as": "State",
          "type": "string"
        },
        "fingerprint": {
          "description": "SHA-256 of the request while it waits, of the certificate afterwards",
          "display_as": "Fingerprint",
          "type": "string"
        },
        "serial": {
          "description": "The certificate's serial number in upper-case hex",
          "display_as": "Serial Number",
          "type": "string"
        },
        "not_before": {
          "description": "When the certificate starts to be valid, in ISO 8601",
          "display_as": "Valid From",
          "type": "string"
        },
        "not_after": {
          "description": "When the certificate expires, in ISO 8601",
          "display_as": "Expires",
          "type": "string"
        },
        "subject_alt_names": {
          "description": "Alternative names, asked for or certified, such as DNS:web1.example.net",
          "display_as": "Alternative Names",
          "type": "array"
        },
        "authorization_extensions": {
          "description": "Puppet's authorization extensions, asked for or certified, such as pp_cli_auth",
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
      "description": "What a request that waits asks for, with its challenge password, for whoever decides about it",
      "display": "always",
      "mutating": false,
      "input": {
        "certname": {
          "prompt": "Certificate Name",
          "description": "The name that the request is for",
          "type": "string",
          "validation": "^[a-z0-9][a-z0-9._-]*$",
          "maxlength": 253,
          "optional": false
        }
      },
      "output": {
        "certname": {
          "description": "The name that was looked up",
          "display_as": "Certificate Name",
          "type": "string"
        },
        "fingerprint": {
          "description": "SHA-256 of the request",
          "display_as": "Fingerprint",
          "type": "string"
        },
        "key": {
          "description": "The kind and the size of its key, such as RSA 2048",
          "display_as": "Key",
          "type": "string"
        },
        "subject_alt_names": {
          "description": "The alternative names that it asks for, such as DNS:www.example.net",
          "display_as": "Alternative Names",
          "type": "array"
        },
        "extensions": {
          "description": "The extensions that it asks for, by Puppet's names, such as pp_role, or by OID",
          "display_as": "Extensions",
          "type": "hash"
        },
        "challenge_password": {
          "description": "The secret by which the requester may prove who it is",
          "display_as": "Challenge Password",
          "type": "string"
        },
        "refusal": {
          "description": "Why the action sign would refuse it; empty where it would not",
          "display_as": "Refusal",
          "type": "string"
        }
      }
    },
    {
      "action": "sign",
      "description": "Signs the request with this fingerprint, or nothing",
      "display": "always",
      "mutating": true,
      "input": {
        "certname": {
          "prompt": "Certificate Name",
          "description": "The name that the request is for",
          "type": "string",
          "validation": "^[a-z0-9][a-z0-9._-]*$",
          "maxlength": 253,
          "optional": false
        },
        "fingerprint": {
          "prompt": "Fingerprint",
          "description": "SHA-256 of the request as the node reports it: 32 pairs of hex digits with colons between",
          "type": "string",
          "validation": "^[0-9A-Fa-f]{2}(:[0-9A-Fa-f]{2}){31}$",
          "maxlength": 95,
          "optional": false
        }
      },
      "output": {
        "out": {
          "description": "What was done, in words",
          "display_as": "Result",
          "type": "string"
        },
        "fingerprint": {
          "description": "SHA-256 of the certificate",
          "display_as": "Certificate Fingerprint",
          "type": "string"
        },
        "csr_fingerprint": {
          "description": "SHA-256 of the request that was signed",
          "display_as": "Request Fingerprint",
          "type": "string"
        },
        "serial": {
          "description": "The certificate's serial number in upper-case hex",
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
      "description": "Deletes a request that was not signed",
      "display": "always",
      "mutating": true,
      "input": {
        "certname": {
          "prompt": "Certificate Name",
          "description": "The name that the request is for",
          "type": "string",
          "validation": "^[a-z0-9][a-z0-9._-]*$",
          "maxlength": 253,
          "optional": false
        },
        "fingerprint": {
          "prompt": "Fingerprint",
          "description": "SHA-256 of the request: only this one is rejected",
          "type": "string",
          "validation": "^[0-9A-Fa-f]{2}(:[0-9A-Fa-f]{2}){31}$",
          "maxlength": 95,
          "optional": true
        }
      },
      "output": {
        "out": {
          "description": "What was done, in words",
          "display_as": "Result",
          "type": "string"
        },
        "fingerprint": {
          "description": "SHA-256 of the request that was deleted",
          "display_as": "Request Fingerprint",
          "type": "string"
        }
      }
    },
    {
      "action": "revoke",
      "description": "Revokes the certificate of a name and keeps its file",
      "display": "always",
      "mutating": true,
      "input": {
        "certname": {
          "prompt": "Certificate Name",
          "description": "The name whose certificate is to be revoked",
          "type": "string",
          "validation": "^[a-z0-9][a-z0-9._-]*$",
          "maxlength": 253,
          "optional": false
        }
      },
      "output": {
        "out": {
          "description": "What was done, in words",
          "display_as": "Result",
          "type": "string"
        },
        "revoked": {
          "description": "Whether this call revoked it; false where it was revoked before",
          "display_as": "Revoked",
          "type": "boolean"
        }
      }
    },
    {
      "action": "clean",
      "description": "Revokes the certificate of a name and deletes certificate and request; does nothing where there is none",
      "display": "always",
      "mutating": true,
      "input": {
        "certname": {
          "prompt": "Certificate Name",
          "description": "The name to clean",
          "type": "string",
          "validation": "^[a-z0-9][a-z0-9._-]*$",
          "maxlength": 253,
          "optional": false
        }
      },
      "output": {
        "out": {
          "description": "What was done, in words",
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
