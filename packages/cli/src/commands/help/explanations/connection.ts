import type { Explanations } from './explanation.js';

/** Errors of the connection to the broker. */
export const connection = {
  BROKER_UNREACHABLE: {
    summary: 'could not connect to any broker',
    meaning:
      'No broker in `broker.urls` accepted a connection within `connect_timeout`. The message ends with the reason why the ' +
      'last attempt failed.',
    causes: [
      'ECONNREFUSED, connection refused: nothing listens at this address and port. The broker is not running, or the URL is wrong.',
      'ENOTFOUND, EAI_AGAIN: the host name does not exist, or DNS does not respond.',
      'ETIMEDOUT, EHOSTUNREACH, ENETUNREACH: a firewall drops the connection, or there is no route.',
      'Certificate errors: the certificate of the broker has expired, is not valid for this host name, or is not from the CA in `security.ca` (or `broker.ca`).',
      '`mqtt://` although the broker uses TLS, or `mqtts://` although it does not.',
    ],
    actions: [
      'Check the URL: `mco config show` prints the file that it is set in.',
      '`mco doctor` connects to each broker and shows why a connection fails.',
      'On the host of the broker: `systemctl status troupe-broker` (or `mosquitto`), and its log.',
    ],
  },
  BROKER_REFUSED: {
    summary: 'the broker refused the connection or a subscription',
    meaning:
      'The broker was reached and refused. MQTT sends the client little more than a reason code; the log of the broker has the details.',
    causes: [
      'Your certificate has expired, is revoked, or is not from a CA that the broker trusts.',
      'An enrolment token has expired, is used up, or is revoked.',
      'The permissions (ACL) of the broker do not allow this name to subscribe to the topic.',
      'The broker has reached its maximum number of connections.',
    ],
    actions: [
      '`mco doctor` checks your certificate: validity, CA, revocation and name.',
      'Read the log of the broker at the time of the attempt.',
      '`mco broker config mosquitto` (or `nats`, `rabbitmq`) prints the permissions that Troupe needs.',
    ],
  },
  NOT_CONNECTED: {
    summary: 'the connection to the broker was lost',
    meaning:
      'The connection to the broker was lost while a message was being sent. The client reconnects automatically.',
    causes: [
      'The broker was restarted, or the network was interrupted.',
      'Another process uses the same client id: two machines with one identity, such as a cloned VM, disconnect each other.',
      'On a node: its daemon is shutting down.',
    ],
    actions: [
      'Check with `mco job list` whether the request was already sent. If it was not, repeat the command.',
      'If it happens repeatedly, look for a second machine with the same identity, and read the log of the broker.',
    ],
  },
  LISTEN_FAILED: {
    summary: 'cannot listen on an address',
    meaning:
      '`troupe-broker`, or any program that serves metrics over HTTP, cannot open the address and port of its configuration. Without its port for metrics, a program continues.',
    causes: [
      'EADDRINUSE, address already in use: another process uses the port, for example a second broker.',
      'EADDRNOTAVAIL, address not available: the address does not belong to this machine.',
      'EACCES, permission denied: ports below 1024 require root.',
    ],
    actions: [
      '`ss -ltnp` lists the processes that listen: stop the one that uses the port.',
      'Change the address in the configuration: `listen` or `metrics.http` of the broker, `metrics.http` of mcod, `http` of mcprovision.',
    ],
  },
  TOPIC_INVALID: {
    summary: 'not a valid name of a collective or agent',
    meaning:
      'Names of collectives and agents are parts of MQTT topics: lowercase letters, digits, `_` and `-`.',
    causes: ['A typing error in `-T`, in `collectives`, or in the name of an agent.'],
    actions: ['Correct the name: the message quotes it.'],
  },
} as const satisfies Explanations;
