import type { Socket } from 'node:net';
import { TLSSocket } from 'node:tls';
import { isIdentity, messageOf } from '@troupe/core';
import { certificateNameFault } from '@troupe/core/internal';
import { onOneLine } from '@troupe/core/pki';
import type { Party } from '../authorization/permissions.js';
import type { Credentials } from './credentials.js';
import type { EnrolledNames } from './enrolled-names.js';

/** Checks the enrolment token of a machine and says which collective it is for; throws with the reason where it is not good. */
export type VerifyToken = (token: string, name: string) => Promise<{ readonly collective: string }>;

/** [MQTT-3.2.2.3], the return codes of CONNACK. */
export const ConnackCode = { identifierRejected: 2, unavailable: 3, badToken: 4, notAuthorized: 5 } as const;

/** Why somebody is not let in. The peer is told the code only, the log has the reason. */
export class Refusal extends Error {
  override readonly name = 'Refusal';
  readonly returnCode: (typeof ConnackCode)[keyof typeof ConnackCode];

  constructor(reason: string, returnCode: Refusal['returnCode'] = ConnackCode.notAuthorized) {
    super(reason);
    this.returnCode = returnCode;
  }
}

/** How a peer can prove who it is: what the socket alone decides. */
export type Method = 'certificate' | 'token' | 'nothing';

/** Somebody who wants to connect. */
export interface Attempt {
  readonly socket: Socket;
  readonly method: Method;
  readonly clientId: string;
  readonly username: string | undefined;
  readonly password: string | undefined;
}

/** What an attempt is judged by. */
export interface Gate {
  readonly credentials: Credentials | undefined;
  /** The names of callers. */
  readonly callers: RegExp;
  readonly verifyToken: VerifyToken | undefined;
  readonly enrolmentCollective: string;
  readonly enrolledNames: EnrolledNames;
}

export function methodOf(socket: Socket, mode: 'x509' | 'none'): Method {
  if (!(socket instanceof TLSSocket)) return mode === 'none' ? 'nothing' : 'token';
  return socket.getPeerX509Certificate() ? 'certificate' : 'token';
}

/** Who is connecting. Throws Refusal. */
export async function authenticate(attempt: Attempt, gate: Gate): Promise<Party> {
  if (attempt.method === 'certificate') return byCertificate(attempt, gate);
  if (attempt.method === 'token') return byToken(attempt, gate);
  return { role: 'anyone', name: attempt.clientId.split(':', 1)[0] || 'anonymous' };
}

function byCertificate({ socket, clientId }: Attempt, { credentials, callers }: Gate): Party {
  const certificate = socket instanceof TLSSocket ? socket.getPeerX509Certificate() : undefined;
  if (!(socket instanceof TLSSocket) || !certificate) throw new Refusal('no client certificate');
  if (!socket.authorized) {
    throw new Refusal(
      `certificate "${onOneLine(certificate.subject)}" not accepted: ${String(socket.authorizationError)}`,
    );
  }
  // And by the rules that the network judges messages with: a reload judges connections by them, too.
  const fault = credentials?.faultOf(socket);
  if (fault !== undefined) throw new Refusal(fault);
  // The parsed subject: an array where a certificate has several common names.
  const name: unknown = socket.getPeerCertificate().subject?.CN;
  if (typeof name !== 'string') throw new Refusal('the certificate does not have exactly one common name');
  const nameFault = certificateNameFault(name);
  if (nameFault !== undefined) throw new Refusal(nameFault);
  checkClientId(name, clientId);
  if (!callers.test(name)) return { role: 'node', name };
  const callerFault = credentials?.callerFaultOf(socket);
  if (callerFault !== undefined) {
    throw new Refusal(
      `"${name}" is a caller name (security.callers.match), but its certificate is not from a CA in security.callers.ca: ${callerFault}`,
    );
  }
  return { role: 'caller', name };
}

async function byToken(attempt: Attempt, gate: Gate): Promise<Party> {
  const { socket, clientId, username: name, password: token } = attempt;
  if (!name || !token) throw new Refusal('neither a certificate nor an enrolment token was presented');
  if (!gate.verifyToken)
    throw new Refusal('no certificate was presented, and this broker does not accept enrolment tokens');
  if (!isIdentity(name)) throw new Refusal('the user name is not a valid identity');
  checkClientId(name, clientId);
  const { collective } = await gate.verifyToken(token, name).catch((error: unknown) => {
    throw new Refusal(messageOf(error), ConnackCode.badToken);
  });
  if (collective !== gate.enrolmentCollective) {
    throw new Refusal(
      `the token is for the collective "${collective}", but machines enrol in "${gate.enrolmentCollective}" (enrolment.collective)`,
      ConnackCode.badToken,
    );
  }
  if (socket.destroyed) throw new Refusal('the client disconnected before its token was verified');
  const giveBack = gate.enrolledNames.take(name, socket.remoteAddress ?? '');
  if (!giveBack) throw new Refusal(`the name "${name}" is in use by an enrolling machine at another address`);
  socket.once('close', giveBack);
  return { role: 'enrolling', name, collective };
}

// A broker ends the older of two connections with one client id: bound to the proven name, nobody can do that to others.
function checkClientId(name: string, clientId: string): void {
  if (clientId === name || clientId.startsWith(`${name}:`)) return;
  throw new Refusal(
    `client id ${JSON.stringify(clientId)} not permitted: it must be "${name}" or begin with "${name}:"`,
  );
}
