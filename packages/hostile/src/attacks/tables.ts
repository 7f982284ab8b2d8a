import type { Attack } from './attack.js';
import { auditAttacks } from './audit.js';
import { brokerAttacks } from './broker.js';
import { messageAttacks } from './message.js';
import { replyAttacks } from './reply.js';
import { secretAttacks } from './secrets.js';
import { sessionKeyAttacks } from './session-keys.js';
import { version2Attacks } from './version2.js';

/** All attacks, by target. */
export const attackTables: readonly (readonly [string, readonly Attack[]])[] = [
  ['at the broker', brokerAttacks],
  ['on a node', messageAttacks],
  ['with version 2', version2Attacks],
  ['on session keys', sessionKeyAttacks],
  ['on secrets', secretAttacks],
  ['on a client', replyAttacks],
  ['on the audit', auditAttacks],
];
