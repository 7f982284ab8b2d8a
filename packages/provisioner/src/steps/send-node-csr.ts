import { StepFailure } from '../rpc/failure.js';
import { caStatus, certnameOf, isSameFingerprint } from './ca.js';
import { goodCertificate } from './good-certificate.js';
import type { Step, StepContext } from './step.js';

/** Has the node make a key and a CSR and hand the CSR to the CA whose digest its master told us. */
export const sendNodeCsr: Step = {
  name: 'send_node_csr',
  needsMaster: true,
  timeoutSeconds: 120,
  leaveOut: goodCertificate,
  run: async (context) => {
    const { findings } = context.session;
    const { certname, csr_fingerprint: csr, ca_fingerprint: ca } = await requestCertificate(context);
    findings.certname = certname ?? (await certnameOf(context));
    if (csr === null) throw new StepFailure('failed', 'the node does not tell the fingerprint of its CSR');
    findings.csrReported = csr;
    return {
      outcome: 'ok',
      reason: `the CSR ${csr} is at ${context.master.identity}`,
      data: { certname: findings.certname, csr_fingerprint: csr, ca_fingerprint: ca },
    };
  },
};

/** Asks the node for its CSR; again it changes nothing. Throws StepFailure: a permanent one where somebody else's CSR is in its place. */
export async function requestCertificate(context: StepContext) {
  const { session, master, timeoutSeconds, signal } = context;
  try {
    return await session.node.change(
      'request_certificate',
      (agent, claim, options) =>
        agent.request_certificate({ ca_fingerprint: master.caFingerprint, ...claim }, options),
      { timeout: timeoutSeconds, signal },
    );
  } catch (error) {
    if (error instanceof StepFailure && error.kind === 'failed') await checkPlanted(context, error);
    throw error;
  }
}

// The node's own word and the CA's decide, not the wording of an error.
async function checkPlanted(context: StepContext, cause: StepFailure): Promise<void> {
  const certname = await certnameOf(context);
  const held = await caStatus(context, certname);
  const { session, signal } = context;
  const { csr } = await session.node.ask('status', (agent, options) => agent.status({}, options), { signal });
  const own = (csr as { fingerprint?: string } | null)?.fingerprint;
  if (held.state === 'requested' && own !== undefined && !isSameFingerprint(held.fingerprint, own)) {
    throw planted(context, certname, held.fingerprint, own, cause);
  }
  if (held.state === 'signed' || held.state === 'revoked') {
    throw new StepFailure('failed', cause.message, { back: 'clean_node_certname', cause });
  }
}

/** Somebody else's CSR is where the node's should be. */
export function planted(
  { master }: StepContext,
  certname: string,
  found: string | null,
  own: string,
  cause?: StepFailure,
): StepFailure {
  return new StepFailure(
    'permanent',
    `the CA of ${master.identity} holds a CSR for ${certname} that this node did not make: its fingerprint is ${found}, ` +
      `that of the node is ${own}; nothing was signed: find out who made it, clean ${certname} there, then release the node`,
    cause ? { cause } : {},
  );
}
