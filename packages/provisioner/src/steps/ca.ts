import type { NameGuard } from '../node/name-guard.js';
import { ask } from '../rpc/ask.js';
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
