#!/usr/bin/env node
// npm run soak [-- --minutes N]: strangers, a low caller and a stolen node send what they can; memory stays flat, and an
// honest client gets its replies.
import { mkdtemp, realpath, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { messageOf } from '@troupe/core';
import { waitFor } from '@troupe/testkit';
import { table } from '../table.js';
import { openAttackers, type Stream } from './attackers.js';
import type { HonestLine } from './honest-main.js';
import { courseOf, residentMemory } from './memory.js';
import { SoakSite } from './site.js';

const usage = `Usage: npm run soak [-- --minutes N]

Starts the embedded broker, mcod, mcprovision and a client, and attacks them for N minutes (default: 30): connections
without a certificate, a caller that may do nothing, and the account of a stolen node. Then checks that the memory of
each process is flat and that the client got all replies.

Exit codes: 0 it is so; 1 it is not, or the run failed; 2 usage error.
`;

const sampleEvery = 5_000;

/** Does something so often each second until it is stopped, and counts. */
class Load {
  readonly name: string;
  done = 0;
  failed = 0;
  readonly #timer: NodeJS.Timeout;

  constructor({ name, perSecond, act }: Stream) {
    this.name = name;
    this.#timer = setInterval(() => {
      act().then(
        () => {
          this.done += 1;
        },
        // Such as a broker that has ended the connection: it comes back by itself.
        () => {
          this.failed += 1;
        },
      );
    }, 1000 / perSecond);
  }

  stop(): void {
    clearInterval(this.#timer);
  }
}

async function soak(folder: string, minutes: number): Promise<boolean> {
  const site = await SoakSite.start(folder);
  try {
    return await attack(site, minutes);
  } finally {
    await site.stop();
  }
}

async function attack(site: SoakSite, minutes: number): Promise<boolean> {
  let line: HonestLine = { session: '', asked: 0, answered: 0, slowest: 0 };
  site.processes.get('client')?.onLine((text) => {
    if (text.startsWith('{"session"')) line = JSON.parse(text) as HonestLine;
  });
  await waitFor('the session of the client', () => line.session !== '');
  const samples = new Map<string, number[]>();
  const end = Date.now() + minutes * 60_000;
  const attackers = await openAttackers(site, () => line.session);
  const loads = attackers.streams.map((stream) => new Load(stream));
  try {
    while (Date.now() < end) {
      await delay(sampleEvery);
      for (const [name, pid] of pidsOf(site)) {
        if (site.processes.get(name)?.isRunning === false) throw new Error(`the ${name} has ended`);
        samples.set(name, [...(samples.get(name) ?? []), residentMemory(pid)]);
      }
    }
  } finally {
    for (const load of loads) load.stop();
    await attackers.close();
  }
  await delay(2_000);
  return report(loads, samples, line);
}

function pidsOf({ broker, processes }: SoakSite): readonly (readonly [string, number])[] {
  return [['broker', broker.pids[0] ?? 0], ...[...processes].map(([name, { pid }]) => [name, pid] as const)];
}

function report(
  loads: readonly Load[],
  samples: ReadonlyMap<string, readonly number[]>,
  line: HonestLine,
): boolean {
  const courses = [...samples].map(([name, values]) => ({ name, ...courseOf(values) }));
  const say = (text: string) => process.stdout.write(`${text}\n`);
  say(
    table(
      ['sent by attackers', 'number', 'not accepted'],
      loads.map(({ name, done, failed }) => [name, done, failed]),
    ),
  );
  say(
    table(
      ['process', 'MiB in the second quarter', 'in the last', 'most', 'flat'],
      courses.map(({ name, before, after, most, isFlat }) => [
        name,
        before.toFixed(0),
        after.toFixed(0),
        most.toFixed(0),
        isFlat ? 'yes' : 'NO',
      ]),
    ),
  );
  // The last question may still be open.
  const isAnswered = line.asked > 0 && line.asked - line.answered <= 1;
  const failure = line.lastFailure === undefined ? '' : `; last failure: ${line.lastFailure}`;
  say(`honest client: ${line.answered} of ${line.asked} answered, slowest ${line.slowest} ms${failure}`);
  return isAnswered && courses.every(({ isFlat }) => isFlat);
}

async function main(): Promise<number> {
  let minutes: number;
  try {
    const options = {
      minutes: { type: 'string', default: '30' },
      help: { type: 'boolean', short: 'h', default: false },
    } as const;
    const { values } = parseArgs({ options });
    if (values.help) {
      process.stdout.write(usage);
      return 0;
    }
    minutes = Number(values.minutes);
    if (!(minutes > 0)) throw new TypeError(`--minutes: "${values.minutes}" is not a number greater than 0`);
  } catch (error) {
    process.stderr.write(`soak: ${messageOf(error)}\n\n${usage}`);
    return 2;
  }
  const folder = await mkdtemp(join(await realpath(tmpdir()), 'troupe-soak-'));
  try {
    return (await soak(folder, minutes)) ? 0 : 1;
  } catch (error) {
    process.stderr.write(`soak: ${messageOf(error)}\n`);
    return 1;
  } finally {
    await rm(folder, { recursive: true, force: true, maxRetries: 5 });
  }
}

process.exitCode = await main();
