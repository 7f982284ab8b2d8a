import { join } from 'node:path';
import type { Facts, Logger } from '@troupe/core';
import { silentLogger } from '@troupe/core';
import type { Daemon } from '@troupe/daemon';
import { type Faults, fleetFacts, type Mishap } from '@troupe/testkit';
import type { Behaviour } from './host/behaviour.js';
import { EmulatedHost } from './host/emulated-host.js';
import { localPlayers, type Players } from './puppet/players.js';
import { startMaster } from './site/master.js';
import { main, regions, type Site } from './site/site.js';

export interface EmulatedHostsOptions {
  readonly site: Site;
  readonly instances: number;
  /** The name of host number `index`, from 0. */
  readonly identity?: (index: number) => string;
  readonly facts?: (index: number) => Facts;
  readonly behaviour?: (index: number) => Behaviour;
  readonly faults?: (index: number) => (() => Faults) | undefined;
  readonly onMishap?: (what: Mishap) => void;
  readonly players?: Players;
  /** Milliseconds that a run of Puppet takes. */
  readonly runTakes?: () => number;
  readonly log?: Logger;
}

/** Machines of a site that have not booted yet. */
export function emulatedHosts(options: EmulatedHostsOptions): EmulatedHost[] {
  const { site, players = localPlayers(), runTakes = () => 0, log = silentLogger } = options;
  return Array.from({ length: options.instances }, (_, index) => {
    const identity = options.identity?.(index) ?? `host-${index + 1}.emulated`;
    const faults = options.faults?.(index);
    const places = regions.slice(0, site.masters.length);
    return new EmulatedHost({
      identity,
      folder: join(site.folder, 'hosts', identity),
      token: site.token,
      brokers: [site.brokerUrl],
      mainCollective: main,
      port: site.caPort,
      siteCa: site.siteCa,
      facts: options.facts?.(index) ?? {
        ...fleetFacts(index),
        region: places[index % places.length] ?? 'eu',
      },
      players,
      runTakes,
      behaviour: options.behaviour?.(index) ?? 'healthy',
      ...(faults && { faults }),
      ...(options.onMishap && { onMishap: options.onMishap }),
      log,
    });
  });
}

/** Starts all masters of a site in this process. */
export function startMasters(site: Site, log: Logger = silentLogger): Promise<Daemon[]> {
  return Promise.all(site.masters.map((plan) => startMaster(plan, { log })));
}
