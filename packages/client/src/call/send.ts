import { namesInMessage } from '../connection/node-messages.js';
import type { OwnRequest } from '../connection/outgoing.js';
import type { Discovery } from '../discovery/discovery.js';
import { chunks } from '../discovery/share.js';
import { WakeUp } from '../waiting/wake-up.js';
import type { CallParts } from './call-parts.js';
import type { DdlVariants, Made } from './ddl-variants.js';
import { mostDirect, narrowed, targetsOf } from './targets.js';

/** A request on its way. */
export interface Sent {
  /** What `client.attach` takes. */
  readonly id: string;
  readonly targets: readonly string[];
  readonly discovery?: Discovery;
}

type SendParts = CallParts & { readonly message: OwnRequest };

/** Milliseconds between two questions to a node that has not said which DDL it has, and how many there are. */
const askEvery = 1_000;
const mostQuestions = 10;

/** Finds the targets of a request and sends it to them, once. */
export async function send(parts: SendParts): Promise<Sent> {
  const { router, options, variants } = parts;
  const found = await targetsOf(options, () => parts.finder.find(parts.wanted));
  const { discovery, isWhole } = found;
  options.signal?.throwIfAborted();
  const message = { ...narrowed(parts.message, discovery, parts.agents), time: Date.now() };
  const mustAsk = variants && (variants.isFromNode || variants.hasSecrets);
  if (mustAsk) {
    const fitting = await askFirst(parts, variants, message, found.targets);
    for (const [made, names] of Map.groupBy(fitting.keys(), (name) => fitting.get(name)))
      await direct(parts, { ...message, ...made, time: Date.now() }, names);
    return { id: message.id, targets: [...fitting.keys()], ...(discovery && { discovery }) };
  }
  const { targets } = found;
  if (isWhole && targets.length > mostDirect) await router.broadcast(message, message.agent);
  else await direct(parts, message, targets);
  const sent = { id: message.id, targets };
  return discovery ? { ...sent, discovery } : sent;
}

async function direct({ router }: SendParts, message: OwnRequest, names: readonly string[]): Promise<void> {
  for (const targets of chunks(names, namesInMessage)) await router.direct({ ...message, targets }, targets);
}

// They do not know the question, and secrets are not for them.
async function hashOfVersion1({ variants, askHash }: SendParts, name: string): Promise<string | undefined> {
  return variants?.hasSecrets ? undefined : askHash?.(name).catch(() => undefined);
}

// Which of the nodes have said that they have a DDL under which the input may be sent to them, and what is sent then.
async function askFirst(
  parts: SendParts,
  variants: DdlVariants,
  message: OwnRequest,
  targets: readonly string[],
): Promise<ReadonlyMap<string, Made>> {
  const { router, options } = parts;
  const { noReply: _, ...answered } = message;
  const question = { ...answered, session: router.session, isQuestion: true } as const;
  const hashes = new Map<string, string | undefined>();
  const wakeUp = new WakeUp();
  const stop = await router.listen(message.collective, message.id, (reply) => {
    if (reply.kind !== 'result') return;
    hashes.set(reply.sender, reply.outcome === 'ddl-mismatch' ? reply.ddl?.hash : undefined);
    wakeUp.notify();
  });
  const open = () => targets.filter((name) => !hashes.has(name));
  try {
    await router.versions.whenKnown(message.collective, targets);
    await Promise.all(
      targets
        .filter((name) => router.versions.of(message.collective, name, 0) === 1)
        .map(async (name) => hashes.set(name, await hashOfVersion1(parts, name))),
    );
    for (let count = 0; count < mostQuestions && open().length > 0 && !options.signal?.aborted; count += 1) {
      await direct(parts, question, open());
      await wakeUp.wait(askEvery);
    }
  } finally {
    stop();
  }
  const fitting = new Map<string, Made>();
  for (const [name, hash] of hashes) {
    const variant = hash === undefined ? undefined : await variants.of(name, hash);
    if (!variant || 'refusal' in variant) continue;
    if (!variant.made.secretInputs || router.mayHaveSecrets(name)) fitting.set(name, variant.made);
  }
  return fitting;
}
