import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { createLogger } from '@troupe/core';
import { emulatedHosts, remotePlayers, type Site } from '@troupe/emulator';
import type { Role } from '../cast.js';
import { followWire } from './wire.js';

/** What a process of nodes is told. */
export interface NodesPlan {
  readonly site: Site;
  readonly roles: readonly Role[];
  /** The process that plays Puppet for them. */
  readonly socket: string;
  readonly wire: string;
  /** When the run began, milliseconds since 1970. */
  readonly beganAt: number;
  /** Milliseconds that a run of Puppet takes. */
  readonly runTakes: readonly [number, number];
}

/* Nodes of one group: usage: node nodes-main.js PLAN.json. Killed, it loses its memory and keeps its disks. */
const plan = JSON.parse(readFileSync(process.argv[2] ?? '', 'utf8')) as NodesPlan;
const { roles, site } = plan;
const { faults, onMishap } = followWire(plan.wire);
const log = createLogger({
  level: 'warn',
  destination: { write: (line) => process.stderr.write(line) },
});
const hosts = emulatedHosts({
  site,
  instances: roles.length,
  identity: (index) => roles[index]?.identity ?? '',
  facts: (index) => ({ region: index % 2 === 0 ? 'eu' : 'us', folder: join(site.folder, 'hosts') }),
  behaviour: (index) => roles[index]?.behaviour ?? 'healthy',
  faults: () => faults,
  onMishap,
  players: remotePlayers(plan.socket),
  runTakes: () => plan.runTakes[0] + Math.random() * (plan.runTakes[1] - plan.runTakes[0]),
  log,
});
const stop = new AbortController();
const booting = hosts.map(async (host, index) => {
  const wait = plan.beganAt + (roles[index]?.bootsAt ?? 0) * 1000 - Date.now();
  if (wait > 0) await delay(wait, undefined, { signal: stop.signal });
  await host.start();
});
process.once('SIGTERM', () => {
  stop.abort();
  void Promise.allSettled(booting)
    .then(() => Promise.all(hosts.map((host) => host.stop())))
    .then(() => process.exit(0));
});
process.stdout.write('ready\n');
