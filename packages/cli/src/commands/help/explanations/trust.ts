import type { Explanations } from './explanation.js';

/** What is wrong with who somebody is, and what they may do. */
export const trust = {
  CALLER_DENIED: {
    summary: 'this name may not call, or not this',
    meaning:
      'The name in the certificate does not match the pattern of callers (`security.callers.match`), or a message is ' +
      'signed by another name than the one it gives.',
    causes: [
      'The client uses the certificate of a host (`web1.example.net`) and not that of a person (`rip.mcollective`).',
      '`security.callers.match` differs between client and nodes.',
      'In the log of a node: somebody signed a request in the name of another caller.',
    ],
    actions: [
      '`mco keys NAME.mcollective` makes a key and a signing request for a caller.',
      '`mco doctor` shows which certificate is used and whether its name is a caller.',
      'If a node denied the action by its policy, see the state Denied: `mco help denied`.',
    ],
  },
  CERTIFICATE_INVALID: {
    summary: 'a certificate, key or CRL cannot be trusted or read',
    meaning:
      'A certificate expired, is not valid yet, is revoked, is not from a trusted CA, or does not belong to its key; or ' +
      'a PEM file is damaged. The message says which one.',
    causes: [
      'The certificate expired, or the clock of this machine is wrong.',
      'It was signed by another CA than the one in `security.ca`, as after a CA was made again.',
      'Key and certificate are from different pairs, as after a renewal of which one file is missing.',
      'The file holds something else than the setting says.',
    ],
    actions: [
      '`mco doctor` checks the certificate of a client, `troupe-broker --check` that of a broker; `mcod` logs what is wrong with its own.',
      '`openssl x509 -in FILE -noout -subject -issuer -dates` shows what is in a certificate.',
      'Renew it: for a person `mco keys`, for a host `puppet ssl clean` and a Puppet run.',
    ],
  },
  SIGNATURE_INVALID: {
    summary: 'a message was rejected: authentication failed',
    meaning:
      'The signature of a message is wrong, or its author is not the one that it names. The message was dropped. It ' +
      'stands in the log of the node or client that received it.',
    causes: [
      'Client and node do not trust the same CA, or one of them runs with `security.mode: none`.',
      'A node or client of another version that signs in a way this one does not know.',
      'A session key that one side forgot, after a restart: the next message is signed in full.',
      'An attempt to speak in the name of somebody else.',
    ],
    actions: [
      'Compare `security.ca` and `security.callers.ca` on both sides; `mco doctor` checks those of the client.',
      'If it does not stop, find out who sends it: the log names the author that the message gave.',
    ],
  },
  TOKEN_INVALID: {
    summary: 'an enrolment token is refused',
    meaning:
      'A new machine connects with an enrolment token, and this one is not valid any more, or not for this machine.',
    causes: [
      'It expired: a token is valid for 24 h by default.',
      'It was used as often as it may be, or it was revoked.',
      'It is limited to machines with certain facts or names, and this is not one of them.',
      'Whoever signed it may not issue tokens, or their certificate expired.',
    ],
    actions: [
      '`mco enroll token` makes a new one; copy it to the file of `security.token` on the machine.',
      'The log of the broker names the token and the reason.',
    ],
  },
  IDENTITY_INVALID: {
    summary: 'not a valid name of a node or caller',
    meaning:
      'The name of a node or caller is part of MQTT topics and certificates: lower-case letters, digits, `.`, `_` and `-`.',
    causes: [
      'Capital letters in `identity`, in the host name, or in the common name of a certificate.',
      'A trailing dot, an empty name, or blanks.',
    ],
    actions: ['Set `identity` in `mcod.yaml` to the name in the certificate, in lower case.'],
  },
  MESSAGE_MALFORMED: {
    summary: 'a message is not one of this protocol',
    meaning:
      'A message was received that is too large, not JSON, or lacks what the protocol needs. It was dropped.',
    causes: [
      'Another program publishes on the topics of Troupe.',
      'A much newer or older version on the other side.',
    ],
    actions: ['The log names the topic or the sender: find out what publishes there.'],
  },
  MESSAGE_EXPIRED: {
    summary: 'a message is too old',
    meaning: 'A message came later than its time to live (`ttl`) allows, by the clock of the receiver.',
    causes: ['The clocks of both machines differ.', 'The broker or the network held the message back.'],
    actions: [
      'Compare the clocks: `mco doctor` names the nodes whose clock is off. Check NTP there: `timedatectl`.',
      'Give requests more time with `--ttl` if the network is slow.',
      'A node answers such a request with the state Expired and the time of both clocks: `mco help expired`.',
    ],
  },
  MESSAGE_FROM_FUTURE: {
    summary: 'a message is from the future: a clock is wrong',
    meaning: 'The time in a message is more than 60 s ahead of the clock of the receiver.',
    causes: ['The clock of the sender is fast, or the clock of the receiver is slow.'],
    actions: [
      'Check NTP on both machines: `timedatectl`; `mco doctor` names the nodes whose clock is off.',
      'A node answers such a request with the state Expired and the time of both clocks: `mco help expired`.',
    ],
  },
} as const satisfies Explanations;
