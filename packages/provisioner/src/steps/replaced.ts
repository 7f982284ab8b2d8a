import { oneLine } from '@troupe/core/internal';
import type { SiteAction } from '../config/site-action.js';
import { StepFailure } from '../rpc/failure.js';
import { certnameOf, checkName, checkReplacement, isSameFingerprint } from './ca.js';
import { callSiteAction } from './site-action.js';
import type { Step, StepContext } from './step.js';

/** A built-in step whose work an agent of the site does; its name, time and place in the record stay. */
export function replacedStep(step: Step, action: SiteAction): Step {
  return {
    name: step.name,
    timeoutSeconds: step.timeoutSeconds,
    ...(step.attempts === undefined ? {} : { attempts: step.attempts }),
    ...(step.recording === undefined ? {} : { recording: step.recording }),
    run: async (context) => {
      await checkMayTakeName(step, context);
      await context.session.lease?.confirm();
      const { sender, statusmsg, data } = await called(action, context);
      const kept = take(step.name, context, data);
      return {
        outcome: 'ok',
        reason: `${action.agent} ${action.action} on ${sender}: ${statusmsg}`,
        ...(kept === undefined ? {} : { data: kept }),
      };
    },
  };
}

// Whoever does it: a name that belongs to another host is neither cleaned nor signed.
async function checkMayTakeName({ name }: Step, context: StepContext): Promise<void> {
  if (name !== 'clean_node_certname' && name !== 'sign_node_csr') return;
  const certname = await certnameOf(context);
  await checkName(context, certname);
  const permission = checkReplacement(context, certname);
  if (name === 'clean_node_certname') {
    if (permission.replaces) context.replacement.revokeReceipt(certname);
    return;
  }
  const { pin, proof } = context.session.node;
  context.replacement.assign(certname, { key: pin.key, receipt: proof?.enrolment?.receipt?.serial });
}

async function called(action: SiteAction, context: StepContext) {
  try {
    return await callSiteAction(action, context);
  } catch (error) {
    if (!(error instanceof StepFailure) || error.kind !== 'gone') throw error;
    throw new StepFailure('failed', error.message, { cause: error });
  }
}

// What the steps after it need, kept under the names that the built-in steps use in the record. Throws StepFailure.
function take(step: string, { session }: StepContext, data: Readonly<Record<string, unknown>>) {
  const { details } = session;
  const text = (name: string) => {
    const value = data[name];
    return typeof value === 'string' && value !== '' ? oneLine(value) : undefined;
  };
  if (step === 'send_node_csr') {
    details.certname = text('certname') ?? details.certname ?? session.node.identity;
    const csr = text('csr_fingerprint');
    if (csr !== undefined) details.csrReported = csr;
    return { certname: details.certname, ...(csr === undefined ? {} : { csr_fingerprint: csr }) };
  }
  if (step !== 'sign_node_csr') return undefined;
  const certificate = text('fingerprint');
  if (certificate === undefined)
    throw new StepFailure(
      'failed',
      'the action did not return the output fingerprint (SHA-256 of the certificate), which the step verify compares',
    );
  const signed = text('csr_fingerprint') ?? details.csrReported;
  if (details.csrReported !== undefined && !isSameFingerprint(signed, details.csrReported))
    throw new StepFailure(
      'permanent',
      `the action signed the CSR ${signed} instead of ${details.csrReported}: revoke the certificate`,
    );
  details.certificate = certificate;
  if (signed !== undefined) details.csrSigned = signed;
  return { certificate, ...(signed === undefined ? {} : { csr_fingerprint: signed }) };
}
