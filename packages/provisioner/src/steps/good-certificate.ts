import type { CertificatePolicy } from '../config/policy.js';
import { StepFailure } from '../rpc/failure.js';
import { caStatus, isSameFingerprint } from './ca.js';
import type { StepContext } from './step.js';

/**
 * Why nothing has to be cleaned, requested or signed if the node already has a usable certificate: not expired, for
 * its key, and the one that the CA of the chosen master lists. Throws StepFailure.
 */
export function goodCertificate(context: StepContext): Promise<string | undefined> {
  const { session } = context;
  session.certificate ??= examine(context);
  return session.certificate;
}

async function examine(context: StepContext): Promise<string | undefined> {
  const { session, master, config, signal } = context;
  const { good, stale, foreign } = config.policy.certificates;
  const held = await session.node.ask('has_cert', (agent, options) => agent.has_cert({}, options), {
    signal,
  });
  session.details.certname = held.certname ?? session.node.identity;
  if (!held.has_cert) return undefined;
  const which = `a certificate${held.issuer === null ? '' : ` issued by ${held.issuer}`} (${held.fingerprint ?? 'unreadable'})`;
  if (held.usable && held.fingerprint !== null) {
    const known = await caStatus(context, session.details.certname);
    if (known.state === 'signed' && isSameFingerprint(known.fingerprint, held.fingerprint)) {
      if (good === 'refuse') throw refused(`${which} that the CA of ${master.identity} confirms`, 'good');
      if (good === 'renew') return undefined;
      session.details.certificate = held.fingerprint;
      return `the node already has a valid certificate from ${master.identity} (${held.fingerprint})`;
    }
  }
  if (foreign === 'refuse' && isForeign(held.issuer, context)) {
    throw refused(`${which}, which is not the CA of any known master`, 'foreign');
  }
  if (stale === 'refuse') throw refused(`${which} that cannot be used`, 'stale');
  return undefined;
}

function isForeign(issuer: string | null, { masters, master }: StepContext): boolean {
  if (issuer === null) return false;
  const subjects = [master, ...masters.known()].map(({ caSubject }) => caSubject);
  // A master that does not report the name of its CA might be the one.
  return !subjects.some((subject) => subject === null || nameOf(subject) === nameOf(issuer));
}

// The same name is written in one line here and in several there.
function nameOf(subject: string): string {
  return subject.split(/\n|, /).sort().join(', ');
}

function refused(what: string, key: keyof CertificatePolicy): StepFailure {
  return new StepFailure(
    'permanent',
    `the node has ${what}, and policy.certificates.${key} is refuse: remove it from the node, or change the policy, then release the node`,
  );
}
