import type { Attack } from './attack.js';
import { auditAttacks } from './audit.js';
import { boundAttacks } from './bounds.js';
import { brokerAttacks } from './broker.js';
import { clientAttacks } from './client.js';
import { damageAttacks } from './damage.js';
import { ddlAttacks } from './ddl.js';
import { enrolmentAttacks } from './enrolment.js';
import { fileAttacks } from './files.js';
import { messageAttacks } from './message.js';
import { policyAttacks } from './policy.js';
import { replyAttacks } from './reply.js';
import { secretAttacks } from './secrets.js';
import { sessionKeyAttacks } from './session-keys.js';
import { terminalAttacks } from './terminal.js';
import { version2Attacks } from './version2.js';

/** All attacks, by target. */
export const attackTables: readonly (readonly [string, readonly Attack[]])[] = [
  ['at the broker', brokerAttacks],
  ['on a node', messageAttacks],
  ['with version 2', version2Attacks],
  ['on session keys', sessionKeyAttacks],
  ['on secrets', secretAttacks],
  ['on a client', [...replyAttacks, ...clientAttacks]],
  ['with the DDL of a stolen node', ddlAttacks],
  ['with tokens and receipts', enrolmentAttacks],
  ['on policies and filters', policyAttacks],
  ['on memory and places', boundAttacks],
  ['on the terminal', terminalAttacks],
  ['on the audit', auditAttacks],
  ['on the record of requests', damageAttacks],
  ['on the files of a node', fileAttacks],
];
