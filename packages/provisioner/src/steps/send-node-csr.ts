import { StepFailure } from '../rpc/failure.js';
import { caStatus, certnameOf, isSameFingerprint } from './ca.js';
import { goodCertificate } from './good-certificate.js';
import type { Step, StepContext } from './step.js';

/** Has the node make a key and a CSR and submit the CSR to the CA whose digest its master reported. */
export const sendNodeCsr: Step = {
  name: 'send_node_csr',
  needsMaster: true,
  timeoutSeconds: 120,
  leaveOut: goodCertificate,
  run: async (context) => {
    const { details } = context.session;
    const { certname, csr_fingerprint: csr, ca_fingerprint: ca } = await requestCertificate(context);
    details.certname = certname ?? (await certnameOf(context));
    if (csr === null) throw new StepFailure('failed', 'the node did not report the fingerprint of its CSR');
    details.csrReported = csr;
    return {
      outcome: 'ok',
      reason: `submitted the CSR ${csr} to ${context.master.identity}`,
      data: { certname: details.certname, csr_fingerprint: csr, ca_fingerprint: ca },
    };
  },
};

/** Has the node submit its CSR; idempotent. Throws StepFailure: a permanent one if the CA holds a foreign CSR under its name. */
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

// The reports of the node and the CA decide, not the text of an error.
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

/** The failure for a CSR of another machine under the node's name. */
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
      `the fingerprint of the node's CSR is ${own}; nothing was signed: find out who submitted it, clean ${certname} on ` +
      `${master.identity}, then release the node`,
    cause ? { cause } : {},
  );
}
