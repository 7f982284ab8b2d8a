import type { Explanations } from './explanation.js';

/** What is wrong between this process and the broker. */
export const connection = {
  BROKER_UNREACHABLE: {
    summary: 'no connection to any broker',
    meaning:
      'No broker of `broker.urls` could be reached in time (`connect_timeout`). The end of the message is the reason of ' +
      'the last attempt.',
    causes: [
      'ECONNREFUSED: nothing listens at this address and port. The broker is not running, or the URL is wrong.',
      'ENOTFOUND, EAI_AGAIN: the host name does not exist, or DNS does not answer.',
      'ETIMEDOUT, EHOSTUNREACH, ENETUNREACH: a firewall or no route.',
      'Certificate errors: the certificate of the broker expired, is not for this host name, or is not from the CA in `security.ca` (or `broker.ca`).',
      '`mqtt://` where the broker speaks TLS, or `mqtts://` where it does not.',
      'For `troupe-broker` itself: another process has the port (EADDRINUSE).',
    ],
    actions: [
      'Check the URL: `mco config show` says which file it is from.',
      '`mco doctor` tries each broker and says what is wrong with it.',
      'On the host of the broker: `systemctl status troupe-broker` (or `mosquitto`), and its log.',
    ],
  },
  BROKER_REFUSED: {
    summary: 'the broker refused the connection or a subscription',
    meaning:
      'The broker was reached and said no. MQTT carries little of the reason to the client: the log of the broker has it.',
    causes: [
      'Your certificate expired, is revoked, or is not from a CA that the broker trusts.',
      'An enrolment token that expired, is used up, or was revoked.',
      'The permissions (ACL) of the broker do not allow this name to subscribe to the topic.',
      'The broker has as many connections as it may have.',
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
      'There was a connection to the broker, and it broke while something was being sent. The client connects again by itself.',
    causes: [
      'The broker was restarted, or the network was interrupted.',
      'Another process uses the same client id: two machines with one identity, such as a cloned VM, disconnect each other.',
      'On a node: its daemon is being stopped.',
    ],
    actions: [
      'Repeat the command. If the request was sent already, `mco job list` shows it: do not send it twice.',
      'If it happens again and again, look for a second machine with the same identity, and read the log of the broker.',
    ],
  },
  TOPIC_INVALID: {
    summary: 'not a valid name of a collective or agent',
    meaning:
      'Names of collectives and agents are parts of MQTT topics: lower-case letters, digits, `_` and `-`.',
    causes: ['A typing error in `-T`, in `collectives`, or in the name of an agent.'],
    actions: ['Correct the name: the message quotes it.'],
  },
} as const satisfies Explanations;
