import type { Attack } from './attack.js';
import { auditAttacks } from './audit.js';
import { brokerAttacks } from './broker.js';
import { messageAttacks } from './message.js';
import { replyAttacks } from './reply.js';
import { sessionKeyAttacks } from './session-keys.js';

/** All attacks, by target. */
export const attackTables: readonly (readonly [string, readonly Attack[]])[] = [
  ['at the broker', brokerAttacks],
  ['on a node', messageAttacks],
  ['on session keys', sessionKeyAttacks],
  ['on a client', replyAttacks],
  ['on the audit', auditAttacks],
];
