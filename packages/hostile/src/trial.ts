import { waitFor } from '@troupe/testkit';
import type { AttackNetwork } from './attack-network.js';
import type { Attack } from './attacks/attack.js';

/** Runs an attack; throws what the system should have done and did not. */
export async function tryAttack(network: AttackNetwork, attack: Attack, timeoutSeconds = 5): Promise<void> {
  const { run, refused, audited, runs = 0 } = attack;
  const [logged, written, ran] = [network.log.length, network.audit.length, network.ran];
  const answer = (await run(network)) ?? '';
  const heard = () => unquoted(`${network.log.slice(logged).join('')}${answer}`);
  for (const wanted of refused) await appears(wanted, heard, timeoutSeconds);
  const entries = () => unquoted(network.audit.slice(written));
  if (audited) await appears(audited, entries, timeoutSeconds);
  else if (entries() !== '') throw new Error(`unexpected entries in the audit log: ${entries()}`);
  if (runs === 'many') return;
  // The last message of an attack may still be on its way.
  await waitFor(`${runs} runs of actions`, () => network.ran - ran >= runs, { timeoutSeconds });
  if (network.ran - ran !== runs)
    throw new Error(`actions ran ${network.ran - ran} times, and should have run ${runs} times`);
}

// As people read it: a text within JSON has its quotes escaped.
function unquoted(text: string): string {
  return text.replaceAll('\\"', '"');
}

async function appears(wanted: RegExp, text: () => string, timeoutSeconds: number): Promise<void> {
  try {
    await waitFor(`${wanted}`, () => wanted.test(text()), { timeoutSeconds });
  } catch (cause) {
    throw new Error(`${(cause as Error).message} in: ${text()}`, { cause });
  }
}
