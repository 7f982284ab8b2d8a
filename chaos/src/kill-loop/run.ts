import { existsSync, readFileSync } from 'node:fs';
import { connect } from '@troupe/client';
import { messageOf } from '@troupe/core';
import { auditFiles, verifyAudit } from '@troupe/daemon';
import { waitFor } from '@troupe/testkit';
import { openAsker } from './asker.js';
import type { LoopEvidence, RoundEvidence } from './evidence.js';
import { judgeLoop } from './judge.js';
import { roundsOf } from './plan.js';
import { roundLine } from './report.js';
import type { LoopResult } from './result.js';
import { isUp, Round, startOptionsOf } from './round.js';
import { type BrokerName, identity, Site } from './site.js';

export interface LoopOptions {
  readonly seed: number;
  readonly rounds: number;
  readonly broker: BrokerName;
  /** Where everything is kept. */
  readonly folder: string;
  readonly say: (line: string) => void;
  readonly signal: AbortSignal;
}

/** Kills a daemon repeatedly while it works, and checks the invariants against its disk. */
export async function runKillLoop(options: LoopOptions): Promise<LoopResult> {
  const { seed, broker, folder, say, signal } = options;
  const plans = roundsOf(seed, options.rounds);
  const began = performance.now();
  const site = await Site.make(folder, broker);
  const rounds: RoundEvidence[] = [];
  const crashes: string[] = [];
  const [first] = plans;
  let daemon = first && site.start(startOptionsOf(first));
  try {
    if (!daemon || !(await isUp(daemon))) throw new Error(`mcod did not start: see ${site.log}`);
    const client = await connect({ config: site.clientConfig });
    await using asker = await openAsker(site.clientConfig);
    try {
      const presence = await client.presence();
      for (const [index, plan] of plans.entries()) {
        await waitFor('the node to be online', () => presence.isOnline(identity));
        const next = plans[index + 1] ?? { ...plan, moment: { kind: 'in flight', milliseconds: 0 } };
        const round = new Round({ site, client, asker, signal }, index + 1, plan);
        const done = await round.run(daemon, startOptionsOf(next));
        rounds.push(done.evidence);
        say(roundLine(done.evidence, plans.length));
        daemon = done.daemon;
        if (!daemon) break;
      }
    } finally {
      await client.close();
    }
    const end = await daemon?.stop();
    if (end && end.code !== 0)
      crashes.push(`its shutdown ended with ${end.signal ?? `exit code ${end.code}`}`);
    const evidence = { rounds, marks: marksOf(site), audit: await auditOf(site), crashes };
    const seconds = (performance.now() - began) / 1000;
    return { seed, broker, rounds, findings: judgeLoop(evidence), seconds };
  } finally {
    await daemon?.stop({ signal: 'SIGKILL' });
    await site.stop();
  }
}

function marksOf(site: Site): LoopEvidence['marks'] {
  const marks = new Map<string, { begun: number; ended: number }>();
  for (const { id, what } of site.marks()) {
    const { begun, ended } = marks.get(id) ?? { begun: 0, ended: 0 };
    marks.set(id, what === 'begin' ? { begun: begun + 1, ended } : { begun, ended: ended + 1 });
  }
  return marks;
}

async function auditOf({ audit: file }: Site): Promise<LoopEvidence['audit']> {
  const outcomes = new Map<string, string[]>();
  const files = existsSync(file) ? auditFiles(file) : [];
  for (const line of files.flatMap((one) => readFileSync(one, 'utf8').split('\n'))) {
    const entry = parsed(line);
    if (entry.request !== undefined)
      outcomes.set(entry.request, [...(outcomes.get(entry.request) ?? []), entry.outcome]);
  }
  return { ...(await verdictOf(file)), outcomes };
}

function parsed(line: string): { request?: string; outcome: string } {
  try {
    return JSON.parse(line);
  } catch {
    // A line that is not JSON breaks the chain, which is verified elsewhere.
    return { outcome: '' };
  }
}

async function verdictOf(audit: string): Promise<Pick<LoopEvidence['audit'], 'fault' | 'lines'>> {
  try {
    const { fault, isWhole, lines } = await verifyAudit(audit);
    if (fault) return { fault: `${fault.file}, line ${fault.line}: ${fault.reason}`, lines };
    return { fault: isWhole ? undefined : `the first line of ${audit} is missing`, lines };
  } catch (error) {
    return { fault: messageOf(error), lines: 0 };
  }
}
