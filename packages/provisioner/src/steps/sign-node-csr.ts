import { ask } from '../rpc/ask.js';
import { StepFailure } from '../rpc/failure.js';
import {
  caStatus,
  certnameOf,
  checkName,
  checkReplacement,
  heldCertificates,
  isSameFingerprint,
} from './ca.js';
import { goodCertificate } from './good-certificate.js';
import { planted, requestCertificate } from './send-node-csr.js';
import type { Step, StepContext, StepEnd } from './step.js';

/** Has the chosen master's CA sign the CSR with the fingerprint that the node reported, or nothing. */
export const signNodeCsr: Step = {
  name: 'sign_node_csr',
  needsMaster: true,
  timeoutSeconds: 60,
  leaveOut: goodCertificate,
  run: async (context) => {
    const { session } = context;
    const certname = await certnameOf(context);
    const { csrReported } = session.details;
    if (csrReported === undefined) {
      throw new StepFailure('failed', 'the node has not reported a CSR', { back: 'send_node_csr' });
    }
    const known = await caStatus(context, certname);
    if (known.state === 'signed') return signedBefore(context, certname, csrReported);
    if (known.state !== 'requested') {
      throw new StepFailure(
        'failed',
        `the CA of ${context.master.identity} has no CSR for ${certname} (state: ${known.state ?? 'unknown'})`,
        {
          back: known.state === 'revoked' ? 'clean_node_certname' : 'send_node_csr',
        },
      );
    }
    if (!isSameFingerprint(known.fingerprint, csrReported)) {
      throw planted(context, certname, known.fingerprint, csrReported);
    }
    await checkName(context, certname);
    await checkOthers(context, certname);
    // Before it has a certificate, so that nobody else gets the name, whatever happens to this provisioner.
    const { pin, proof } = session.node;
    context.replacement.assign(certname, { key: pin.key, receipt: proof?.enrolment?.receipt?.serial });
    await session.lease?.confirm();
    return sign(context, certname, csrReported);
  },
};

// Without the step that removes them, another CA may hold a certificate of another host with this name.
async function checkOthers(context: StepContext, certname: string): Promise<void> {
  if (context.config.steps.clean_node_certname) return;
  const masters = (await context.masters.list()).map(({ identity }) => identity);
  const { holders } = await heldCertificates(context, certname, masters);
  if (holders.size > 0) checkReplacement(context, certname);
}

async function sign(context: StepContext, certname: string, fingerprint: string): Promise<StepEnd> {
  const { peers, master, signal, session } = context;
  const options = { targets: [master.identity], collective: peers.main, signal };
  const { data } = await ask(() => {
    const signing = peers.puppetca.sign({ certname, fingerprint }, options);
    session.caRequest = signing.id;
    return signing;
  }, 'puppetca sign').catch(async (error: unknown) => {
    await checkReplaced(context, certname, fingerprint);
    throw error;
  });
  if (!isSameFingerprint(data.csr_fingerprint, fingerprint)) {
    throw new StepFailure(
      'permanent',
      `${master.identity} signed the CSR ${data.csr_fingerprint} for ${certname} instead of ${fingerprint}: revoke the certificate on ${master.identity}`,
    );
  }
  session.details.csrSigned = fingerprint;
  return ended(context, `${master.identity} signed ${fingerprint}`, data.fingerprint);
}

// Between our look and its own, the CA may have been given another CSR.
async function checkReplaced(context: StepContext, certname: string, own: string): Promise<void> {
  context.signal.throwIfAborted();
  const now = await caStatus(context, certname).catch(() => undefined);
  if (now?.state === 'requested' && !isSameFingerprint(now.fingerprint, own)) {
    throw planted(context, certname, now.fingerprint, own);
  }
}

// A reply was lost, or the CA signs by itself: the node can check whether the certificate matches its key.
async function signedBefore(context: StepContext, certname: string, csrReported: string): Promise<StepEnd> {
  const again = await requestCertificate(context);
  if (!isSameFingerprint(again.csr_fingerprint, csrReported)) {
    throw new StepFailure(
      'failed',
      `the node has made another CSR in the meantime: ${again.csr_fingerprint}`,
      {
        back: 'send_node_csr',
      },
    );
  }
  const { state, fingerprint } = await caStatus(context, certname);
  if (state !== 'signed') {
    throw new StepFailure('failed', `the certificate of ${certname} is ${state} now`, {
      back: 'send_node_csr',
    });
  }
  context.session.details.csrSigned = csrReported;
  return ended(
    context,
    `already signed: the node confirms that the certificate matches the key of the CSR ${csrReported}`,
    fingerprint,
  );
}

function ended({ session }: StepContext, reason: string, certificate: string | null): StepEnd {
  const { details } = session;
  if (certificate !== null) details.certificate = certificate;
  const data = { csr_fingerprint: details.csrSigned, certificate };
  return { outcome: 'ok', reason, data };
}
