import type { PresenceView, Result } from '@troupe/client';
import { StepFailure } from '../rpc/failure.js';
import { KeyPin } from '../rpc/key-pin.js';
import { NodeAgent } from '../rpc/node-agent.js';
import { wordsOfClock } from '../rpc/node-clocks.js';
import { caStatus, certnameOf, isSameFingerprint } from './ca.js';
import type { Step, StepContext, StepEnd } from './step.js';

/** Milliseconds between two checks if presence does not report the node. */
const lookEvery = 1000;

/** Seconds that a node has to come back, by default. */
export const verifySeconds = 120;

/** Waits until the node replies in the main collective, with the certificate that its master's CA lists. */
export const verify: Step = {
  name: 'verify',
  timeoutSeconds: verifySeconds,
  attempts: 1,
  recording: 'after',
  run: async (context) => {
    const { session, peers } = context;
    const name = session.details.certname ?? session.node.identity;
    const deadline = Date.now() + context.timeoutSeconds * 1000;
    let problem = `${name} did not reply in the collective ${peers.main}`;
    while (Date.now() < deadline) {
      // A request sent before the node is online would have to be repeated.
      const presence = await peers.client.presence(peers.main);
      if (presence.isOnline(name) !== true) await arrivalOf(context, presence, name);
      const end = await look(context, name);
      if (typeof end === 'object') return end;
      problem = end ?? problem;
      if (end !== undefined) await arrivalOf(context, presence, name);
    }
    const offset = peers.clocks.wrongBy(name);
    // Everybody's requests are refused until its time service has set it: nothing that is repeated here helps.
    if (offset !== undefined)
      throw new StepFailure(
        'unreachable',
        `${name} is back in the collective ${peers.main}, but ${wordsOfClock(offset)}, so it refuses requests: check NTP on it`,
      );
    throw new StepFailure(
      'failed',
      `the node did not come back within ${context.timeoutSeconds} s: ${problem}`,
      {
        back: 'restart',
      },
    );
  },
};

async function look(context: StepContext, name: string): Promise<StepEnd | string | undefined> {
  const { peers, signal } = context;
  signal.throwIfAborted();
  const options = { targets: [name], collective: peers.main, answerWithin: 2, signal };
  const result = await peers.rpcutil.ping({}, options).one();
  peers.clocks.note(name, result);
  return result.ok ? confirm(context, name, result) : undefined;
}

// A string is a problem that may go away with time.
async function confirm(
  context: StepContext,
  name: string,
  result: Result<unknown>,
): Promise<StepEnd | string> {
  const { session, peers } = context;
  const isProven = peers.client.config.security.mode !== 'none';
  if (isProven) {
    const known = await certificateOf(context);
    if (
      known.state !== 'signed' ||
      known.fingerprint === null ||
      !isSameFingerprint(known.fingerprint, result.key)
    ) {
      return (
        `certificate mismatch: ${name} replies in the collective ${peers.main} with ${result.key ?? 'no certificate'}, ` +
        `but ${known.whose} has ${known.fingerprint ?? 'no certificate'} (${known.state})`
      );
    }
    session.details.certificate = known.fingerprint;
  }
  const before = session.node;
  session.node = new NodeAgent({
    peers,
    identity: name,
    collective: peers.main,
    pin: new KeyPin(isProven),
    token: before.token,
  });
  const how = isProven ? 'with its new certificate' : 'unauthenticated: the security mode is none';
  return { outcome: 'ok', reason: `it came back as ${name} in the collective ${peers.main}, ${how}` };
}

/** The certificate that the node must have. Throws StepFailure. */
async function certificateOf(context: StepContext) {
  const { session, config, master } = context;
  const { details } = session;
  const signing = config.stepActions.sign_node_csr;
  // Whoever signed it reported it; the CA of the master need not know it.
  if (signing)
    return {
      state: details.certificate === undefined ? null : 'signed',
      fingerprint: details.certificate ?? null,
      whose: `the agent ${signing.agent}`,
    };
  const known = await caStatus(context, details.certname ?? (await certnameOf(context)));
  return { ...known, whose: `the CA of ${master.identity}` };
}

async function arrivalOf({ signal }: StepContext, presence: PresenceView, name: string): Promise<void> {
  await new Promise<void>((resolve) => {
    const go = () => {
      clearTimeout(timer);
      stop();
      signal.removeEventListener('abort', go);
      resolve();
    };
    const timer = setTimeout(go, lookEvery);
    const stop = presence.onChange(({ identity, online }) => {
      if (identity === name && online) go();
    });
    signal.addEventListener('abort', go);
  });
}
