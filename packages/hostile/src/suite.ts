import { AttackNetwork } from './attack-network.js';
import type { Attack } from './attacks/attack.js';
import { attackTables } from './attacks/tables.js';
import { tryAttack } from './trial.js';

/** What became of one attack; without a fault, the system did as it should. */
export interface Verdict {
  readonly where: string;
  readonly name: string;
  readonly seconds: number;
  readonly fault?: string;
}

/** An attack, and what it is on. */
export interface PlacedAttack {
  readonly where: string;
  readonly attack: Attack;
}

/** All attacks, in the order in which they are run. */
export const allAttacks: readonly PlacedAttack[] = attackTables.flatMap(([where, attacks]) =>
  attacks.map((attack) => ({ where, attack })),
);

/** Runs attacks on a network of their own, until `onVerdict` returns false. */
export async function runSuite(
  attacks: readonly PlacedAttack[],
  onVerdict: (verdict: Verdict) => boolean,
): Promise<void> {
  const network = await AttackNetwork.create();
  try {
    for (const { where, attack } of attacks) {
      const start = performance.now();
      let fault: string | undefined;
      try {
        await tryAttack(network, attack);
      } catch (error) {
        fault = (error as Error).message;
      }
      await network.disperse();
      const seconds = (performance.now() - start) / 1000;
      const { name } = attack;
      if (!onVerdict({ where, name, seconds, ...(fault !== undefined && { fault }) })) return;
    }
  } finally {
    await network.close();
  }
}
