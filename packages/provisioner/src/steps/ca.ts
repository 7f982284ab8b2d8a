import { checkTokenName, messageOf } from '@troupe/core';
import type { Permission } from '../names/replacement-rule.js';
import type { NameGuard } from '../node/name-guard.js';
import { ask } from '../rpc/ask.js';
import { failureOf, StepFailure } from '../rpc/failure.js';
import type { ProvisioningSession, StepContext } from './step.js';

/** The entry of a name in the CA of the chosen master. */
export interface CaStatus {
  readonly state: string | null;
  readonly fingerprint: string | null;
}

/** Asks the CA of the chosen master for a name. Throws StepFailure. */
export async function caStatus(context: StepContext, certname: string): Promise<CaStatus> {
  const { peers, master, signal } = context;
  const options = { targets: [master.identity], collective: peers.main, signal };
  const { data } = await ask(() => peers.puppetca.status({ certname }, options), 'puppetca status');
  return { state: data.state, fingerprint: data.fingerprint };
}

/** Whether two SHA-256 fingerprints are the same, however they are written. */
export function isSameFingerprint(a: string | null | undefined, b: string | null | undefined): boolean {
  const digits = (text: string) => text.replaceAll(':', '').toLowerCase();
  return typeof a === 'string' && typeof b === 'string' && digits(a) === digits(b);
}

/** The name that Puppet uses for the node, as the node reports it. Throws StepFailure. */
export async function certnameOf({ session, signal }: StepContext): Promise<string> {
  const { details, node } = session;
  if (details.certname === undefined) {
    const { certname } = await node.ask('has_cert', (agent, options) => agent.has_cert({}, options), {
      signal,
    });
    details.certname = certname ?? node.identity;
  }
  return details.certname;
}

/** Makes sure, once, that the name belongs to no other host. Throws StepFailure. */
export async function checkName({ session, guard }: StepContext, certname: string): Promise<void> {
  checkNameOfToken(session, certname);
  if (session.nameCheck?.name !== certname) beginNameCheck(session, guard, certname);
  await session.nameCheck?.result;
}

/** Starts to check whether a name belongs to another host. */
export function beginNameCheck(session: ProvisioningSession, guard: NameGuard, name: string): void {
  const result = guard.check(name, session.node.pin.key);
  session.nameCheck = { name, result };
  // The rejection reaches those who await the result.
  result.catch(() => {});
}

// A certificate may have another name than the node.
function checkNameOfToken({ node }: ProvisioningSession, certname: string): void {
  try {
    checkTokenName(node.proof?.enrolment ?? {}, certname);
  } catch (cause) {
    throw new StepFailure(
      'permanent',
      `the name ${certname} is refused: ${messageOf(cause)}; nothing was cleaned or signed`,
      { cause },
    );
  }
}

/** What the CAs hold under a name. */
export interface HeldCertificates {
  /** The masters whose CAs have replied. */
  readonly replied: readonly string[];
  /** The masters whose CAs hold a certificate, with its fingerprint. */
  readonly holders: ReadonlyMap<string, string | null>;
  /** Why the others have not replied, by master. */
  readonly failures: ReadonlyMap<string, string>;
}

/** Asks the CAs of all these masters for certificates under a name. Throws StepFailure if the chosen master fails. */
export async function heldCertificates(
  { peers, master, signal }: StepContext,
  certname: string,
  targets: readonly string[],
): Promise<HeldCertificates> {
  const options = { targets: [...targets], collective: peers.main, signal };
  const results = await peers.puppetca.status({ certname }, options).all();
  signal.throwIfAborted();
  const replied: string[] = [];
  const holders = new Map<string, string | null>();
  const failures = new Map<string, string>();
  for (const result of results) {
    const failure = failureOf(result, 'puppetca status');
    if (failure && result.sender === master.identity) throw failure;
    if (failure) failures.set(result.sender, failure.message);
    else {
      replied.push(result.sender);
      if (result.data.state === 'signed') holders.set(result.sender, result.data.fingerprint);
    }
  }
  return { replied, holders, failures };
}

/** Whether certificates under the name may be removed for this node, and why. Throws StepFailure: `name-taken` if not now. */
export function checkReplacement({ session, replacement }: StepContext, certname: string): Permission {
  const { pin, proof } = session.node;
  const provenName = proof?.vouchedBy === 'ca' ? proof.name : undefined;
  return replacement.check({ certname, key: pin.key, enrolment: proof?.enrolment, provenName });
}
