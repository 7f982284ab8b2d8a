import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { connect, loadClientConfig } from '@troupe/client';
import { absent } from '@troupe/core/durable-file';
import rpcutil from '@troupe/ddl/rpcutil.json' with { type: 'json' };
import type { Mishap } from '@troupe/testkit';
import { castOf, type Role, type Size } from './cast.js';
import { ChaosNetwork } from './chaos-network.js';
import { CaWatch } from './judge/ca-watch.js';
import { readNode, readReasons, readRecord } from './judge/collect.js';
import type { Evidence } from './judge/evidence.js';
import type { InvariantResult } from './judge/invariant.js';
import { LeaseWatch } from './judge/lease-watch.js';
import { hasEnded, judge, notNotified } from './judge/verdict.js';
import { type Fault, scheduleOf } from './schedule.js';
import { settled } from './settled.js';

export interface RunOptions extends Size {
  /** Where everything is kept. */
  readonly folder: string;
  /** Seconds that nodes have to come to an end when nothing is broken any more. */
  readonly patience: number;
  readonly say: (line: string) => void;
  readonly signal: AbortSignal;
}

/** The results of a run. */
export interface ChaosResult {
  readonly size: Size;
  readonly faults: readonly Fault[];
  readonly mishaps: Readonly<Record<Mishap, number>>;
  readonly evidence: Evidence;
  readonly findings: readonly InvariantResult[];
  /** Seconds: until the last fault was mended, and from then until the last node had come to its end. */
  readonly seconds: { readonly broken: number; readonly settling: number };
}

/** Provisions a fleet while its processes are killed, and checks the invariants. */
export async function runChaos(options: RunOptions): Promise<ChaosResult> {
  const { folder, say, signal } = options;
  const { seed, nodes, masters, provisioners, groups, seconds } = options;
  const size: Size = { seed, nodes, masters, provisioners, groups, seconds };
  const roles = castOf(size);
  const faults = scheduleOf(size);
  const network = await ChaosNetwork.make(folder, size, roles);
  const watches = network.site.masters.map(({ name, cadir }) => new CaWatch(name, cadir));
  const progress = async () => settled(network.site.folder, roles);
  try {
    await network.start();
    say(`${network.actors.size} processes running; injecting ${faults.length} faults in ${seconds} s`);
    const began = performance.now();
    const since = () => (performance.now() - began) / 1000;
    for (const fault of faults) {
      await delay(Math.max(0, fault.at - since()) * 1000, undefined, { signal });
      const wire = fault.wire ? ` (${describeWire(fault.wire)})` : '';
      say(
        `${fault.at.toFixed(1).padStart(6)} s  ${fault.deed} ${fault.target} for ${fault.lasts.toFixed(1)} s${wire}`,
      );
      network.inflict(fault);
    }
    await delay(Math.max(0, seconds - since()) * 1000, undefined, { signal });
    network.mend();
    const broken = since();
    say(`all faults repaired; ${words(await progress())}`);
    await waitUntilSettled(progress, options);
    await waitUntilNotified(network, roles, options);
    const settling = since() - broken;
    say(`${words(await progress())} after ${settling.toFixed(1)} s more`);
    const answers = await whoAnswers(network.site.clientFile, roles);
    const leasesLeft = await leftLeases(network.site.folder, roles, options);
    await network.stop();
    const evidence = await collect(network, roles, watches, { answers, leasesLeft }, size);
    const mishaps = await countMishaps(folder, size);
    return { size, faults, mishaps, evidence, findings: judge(evidence), seconds: { broken, settling } };
  } finally {
    for (const watch of watches) watch.stop();
    await network.stop();
  }
}

function words({ ended, of }: { ended: number; of: number }): string {
  return `${ended} of ${of} nodes have finished`;
}

async function waitUntilSettled(
  progress: () => Promise<{ ended: number; of: number }>,
  { patience, signal, say }: RunOptions,
): Promise<void> {
  const deadline = performance.now() + patience * 1000;
  while (performance.now() < deadline) {
    const { ended, of } = await progress();
    if (ended === of) return;
    await delay(500, undefined, { signal });
  }
  say(`timeout: gave up after ${patience} s (--patience): ${words(await progress())}`);
}

async function waitUntilNotified(
  { site, witness }: ChaosNetwork,
  roles: readonly Role[],
  { patience, signal }: RunOptions,
): Promise<void> {
  const deadline = performance.now() + patience * 1000;
  while (performance.now() < deadline) {
    const ends = await Promise.all(
      roles.map(async ({ identity }) => {
        const record = await readRecord(site.folder, identity);
        return { identity, record, notified: witness.outcomesOf(identity) };
      }),
    );
    if (ends.filter(hasEnded).every((node) => notNotified(node).length === 0)) return;
    await delay(500, undefined, { signal });
  }
}

// While provisioners and nodes are still running: a stopped process releases no lease.
async function leftLeases(
  siteFolder: string,
  roles: readonly Role[],
  { patience, signal }: RunOptions,
): Promise<readonly string[]> {
  const read = async (identity: string) => (await readRecord(siteFolder, identity))?.lease ?? null;
  const all = roles.filter(({ behaviour }) => behaviour !== 'vanishes');
  const first = await Promise.all(all.map(async ({ identity }) => [identity, await read(identity)] as const));
  const watch = new LeaseWatch(new Map(first), Date.now());
  const deadline = performance.now() + patience * 1000;
  while (watch.open.length > 0 && performance.now() < deadline) {
    await delay(200, undefined, { signal });
    for (const identity of watch.open) watch.look(identity, await read(identity), Date.now());
  }
  return watch.left();
}

/** The fingerprints of the certificates with which nodes answer in the main collective. */
async function whoAnswers(clientFile: string, roles: readonly Role[]): Promise<ReadonlyMap<string, string>> {
  const client = await connect({ config: loadClientConfig(clientFile) });
  try {
    const targets = roles.map(({ identity }) => identity);
    const answers = await client.agent(rpcutil).ping({}, { targets, answerWithin: 10 }).all();
    return new Map(
      answers.flatMap(({ ok, sender, key }) => (ok && key !== undefined ? [[sender, key]] : [])),
    );
  } finally {
    await client.close();
  }
}

async function collect(
  network: ChaosNetwork,
  roles: readonly Role[],
  watches: readonly CaWatch[],
  { answers, leasesLeft }: { answers: ReadonlyMap<string, string>; leasesLeft: readonly string[] },
  { provisioners }: Size,
): Promise<Evidence> {
  const logs = Array.from({ length: provisioners }, (_, index) => network.provisionerLog(index + 1));
  const told = await readReasons(logs);
  const nodes = await Promise.all(
    roles.map(async (role) => ({
      ...(await readNode(network.site.folder, role)),
      answersWith: answers.get(role.identity),
      told: told.get(role.identity) ?? [],
      notified: network.witness.outcomesOf(role.identity),
    })),
  );
  const cas = await Promise.all(watches.map((watch) => watch.collect()));
  const crashes = [...network.actors.values()].flatMap(({ name, crashes: count }) =>
    count > 0 ? [`${name}, ${count} times; see ${network.logs}`] : [],
  );
  return {
    nodes,
    issued: cas.flatMap(({ issued }) => issued),
    unseen: cas.flatMap(({ unseen }) => unseen),
    leasesLeft,
    notifications: network.witness.counts,
    crashes,
  };
}

async function countMishaps(folder: string, { groups, masters }: Size): Promise<Record<Mishap, number>> {
  const total = { lost: 0, delayed: 0, doubled: 0, held: 0 };
  const names = [
    ...Array.from({ length: groups }, (_, index) => `nodes-${index + 1}`),
    ...Array.from({ length: masters }, (_, index) => `master-${index + 1}`),
  ];
  for (const name of names) {
    const text = (await readFile(join(folder, `wire-${name}.json.done`), 'utf8').catch(absent)) ?? '';
    for (const line of text.split('\n').slice(0, -1)) {
      for (const [what, count] of Object.entries(JSON.parse(line) as Partial<Record<Mishap, number>>))
        total[what as Mishap] += count;
    }
  }
  return total;
}

function describeWire({ lose = 0, double = 0, delay: most }: NonNullable<Fault['wire']>): string {
  const percent = (share: number) => `${Math.round(share * 100)} %`;
  const late = Array.isArray(most) ? most[1] : (most ?? 0);
  return `${percent(lose)} lost, ${percent(double)} doubled, up to ${Math.round(late)} ms late`;
}
