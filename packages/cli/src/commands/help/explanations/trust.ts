import type { Explanations } from './explanation.js';

/** Errors of authentication and authorization. */
export const trust = {
  CALLER_DENIED: {
    summary: 'the caller is not allowed to make this call',
    meaning:
      'The name in the certificate does not match the callers pattern (`security.callers.match`), or a message is ' +
      'not signed by the caller that it names.',
    causes: [
      'The client uses the certificate of a host (`web1.example.net`) instead of the certificate of a person (`rip.mcollective`).',
      '`security.callers.match` differs between client and nodes.',
      'The certificate is from another CA than the first one in the CA file for callers, for example during a change of the CA.',
      'In the log of a node: a client signed a request in the name of another caller.',
    ],
    actions: [
      '`mco keys NAME.mcollective` creates a key and a signing request for a caller.',
      '`mco doctor` shows which certificate is used and whether its name matches the callers pattern.',
      'To accept callers of several CAs, list these CAs in `security.callers.authorities` of nodes, clients and the embedded broker.',
      'If the policy of a node denied the action, see `mco help denied`.',
    ],
  },
  CERTIFICATE_INVALID: {
    summary: 'a certificate, key or CRL cannot be trusted or read',
    meaning:
      'A certificate has expired, is not yet valid, is revoked, is not from a trusted CA, does not match its key, or is not ' +
      'made for this use; or a PEM file is damaged. The message names it.',
    causes: [
      'The certificate has expired, or the clock of this machine is wrong.',
      'The certificate was signed by another CA than the one in `security.ca`, for example because the CA was replaced.',
      'The key does not match the certificate, for example because only one of the files was renewed.',
      'The certificate is a CA certificate, has an extended key usage without `clientAuth` (for a broker: `serverAuth`), a weak signature, or a name that the name constraints of its CA do not permit.',
      'The file does not contain what the setting requires.',
    ],
    actions: [
      '`mco doctor` checks the certificate of a client, `troupe-broker --check` the certificate of a broker; `mcod` logs errors in its certificate.',
      '`openssl x509 -in FILE -noout -subject -issuer -dates` shows the contents of a certificate.',
      'Renew the certificate: for a person with `mco keys`, for a host with `puppet ssl clean` and a Puppet run.',
    ],
  },
  SIGNATURE_INVALID: {
    summary: 'a message was rejected: authentication failed',
    meaning:
      'The signature of a message is wrong, or the message is not from the sender that it names. The message was dropped. ' +
      'The node or client that received it logs this error.',
    causes: [
      'Client and node do not trust the same CA, or one of them runs with `security.mode: none`.',
      'A node or client of another version uses a signature that this version does not support.',
      'One side lost its session key in a restart. The next message has a full signature.',
      'An attempt to send messages in the name of another caller or node.',
    ],
    actions: [
      'Compare `security.ca` and `security.callers.ca` on both sides; `mco doctor` checks the client.',
      'If the error continues, find the sender of the messages: the log has the name in the message.',
    ],
  },
  TOKEN_INVALID: {
    summary: 'an enrolment token is not valid',
    meaning:
      'A new machine tried to connect with an enrolment token that is no longer valid, or not valid for this machine.',
    causes: [
      'The token has expired. The default lifetime is 24 h.',
      'The token was used by its maximum number of machines, or it was revoked.',
      'The token is limited to machines with certain facts or names that this machine does not have.',
      'The issuer of the token is not allowed to issue tokens, or the certificate of the issuer has expired.',
    ],
    actions: [
      '`mco enroll token` creates a new token; copy it to the file in `security.token` on the machine.',
      'The log of the broker has the id of the token and the reason.',
    ],
  },
  IDENTITY_INVALID: {
    summary: 'not a valid name of a node or caller',
    meaning:
      'Names of nodes and callers are parts of MQTT topics and certificates: lowercase letters, digits, `.`, `_` and `-`.',
    causes: [
      'Capital letters in `identity`, in the host name, or in the common name of a certificate.',
      'A trailing dot, an empty name, or spaces.',
    ],
    actions: [
      'A certificate proves its own name, in the same letter case: request one for the name in lowercase.',
      'Without a certificate, set `identity` in `mcod.yaml` to a valid name.',
    ],
  },
  MESSAGE_MALFORMED: {
    summary: 'a message does not follow the protocol',
    meaning: 'A received message is too large, is not valid JSON, or lacks a required field. It was dropped.',
    causes: [
      'Another program publishes on the topics of Troupe.',
      'The other side runs a much newer or older version.',
    ],
    actions: ['The log has the topic or the sender: find the program that publishes there.'],
  },
  MESSAGE_EXPIRED: {
    summary: 'a message is too old',
    meaning: 'By the clock of the receiver, a message arrived after the end of its time to live (`ttl`).',
    causes: ['The clocks of both machines differ.', 'The broker or the network delayed the message.'],
    actions: [
      '`mco doctor` lists the nodes whose clock is wrong. Check NTP there: `timedatectl`.',
      'If the network is slow, increase the time to live with `--ttl`.',
      'A node replies to such a request with the state Expired and the time of both clocks; see `mco help expired`.',
    ],
  },
  MESSAGE_FROM_FUTURE: {
    summary: 'a message is from the future: a clock is wrong',
    meaning: 'The time in a message is more than 60 s ahead of the clock of the receiver.',
    causes: ['The clock of the sender is fast, or the clock of the receiver is slow.'],
    actions: [
      'Check NTP on both machines: `timedatectl`. `mco doctor` lists the nodes whose clock is wrong.',
      'A node replies to such a request with the state Expired and the time of both clocks; see `mco help expired`.',
    ],
  },
} as const satisfies Explanations;
