import { caStatus, isSameFingerprint } from './ca.js';
import type { StepContext } from './step.js';

/**
 * Says so where the node has a certificate already that is of use: in its time, of its key, and the very one that
 * the chosen master's CA stands by. Then there is nothing to clean, request or sign. Throws StepFailure.
 */
export function goodCertificate(context: StepContext): Promise<string | undefined> {
  const { session } = context;
  session.certificate ??= examine(context);
  return session.certificate;
}

async function examine(context: StepContext): Promise<string | undefined> {
  const { session, master } = context;
  const held = await session.node.ask('has_cert', (agent, options) => agent.has_cert({}, options));
  session.findings.certname = held.certname ?? session.node.identity;
  if (!held.has_cert || !held.usable || held.fingerprint === null) return undefined;
  const known = await caStatus(context, session.findings.certname);
  if (known.state !== 'signed' || !isSameFingerprint(known.fingerprint, held.fingerprint)) return undefined;
  session.findings.certificate = held.fingerprint;
  return `the node has a good certificate of ${master.identity} (${held.fingerprint})`;
}
