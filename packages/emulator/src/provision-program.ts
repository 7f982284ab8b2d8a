import { spawnBroker } from '@troupe/broker';
import type { Logger } from '@troupe/core';
import type { Faults } from '@troupe/testkit';
import type { EmulatedHost } from './host/emulated-host.js';
import { emulatedHosts, startMasters } from './provisioning.js';
import { makeSite, type Site } from './site/site.js';

export interface ProvisioningOptions {
  readonly folder: string;
  /** Where a broker listens that has the configuration of the site; without it one is started. */
  readonly brokerUrl?: string;
  readonly instances: number;
  readonly masters: number;
  readonly identity: (index: number) => string;
  readonly runSeconds: number;
  readonly isFailing: (index: number) => boolean;
  readonly faults: (index: number) => Faults | undefined;
  /** Hosts that boot at the same time. */
  readonly connecting: number;
  readonly log: Logger;
}

/** Everything that mcprovision needs in one process: masters, and hosts that have just booted; and a broker beside it. */
export async function emulateProvisioning(
  options: ProvisioningOptions,
): Promise<{ site: Site; names: readonly string[]; close: () => Promise<void> }> {
  const { folder, instances, connecting, log } = options;
  const site = await makeSite({
    folder,
    ...(options.brokerUrl === undefined ? {} : { brokerUrl: options.brokerUrl }),
    masters: options.masters,
  });
  const closers: (() => Promise<unknown>)[] = [];
  const close = async () => {
    for (const end of closers.splice(0).reverse()) await end();
  };
  try {
    if (options.brokerUrl === undefined) {
      const broker = await spawnBroker(site.broker);
      closers.push(() => broker.stop());
    }
    const masters = await startMasters(site, log);
    closers.push(() => Promise.all(masters.map((master) => master.close())));
    const hosts = emulatedHosts({
      site,
      instances,
      identity: options.identity,
      behaviour: (index) => (options.isFailing(index) ? 'bootstrap-fails' : 'healthy'),
      faults: (index) => {
        const faults = options.faults(index);
        return faults && (() => faults);
      },
      runTakes: () => options.runSeconds * 1000,
      log,
    });
    closers.push(() => Promise.all(hosts.map((host) => host.stop())));
    await boot(hosts, connecting);
    return { site, names: hosts.map(({ identity }) => identity), close };
  } catch (error) {
    await close();
    throw error;
  }
}

async function boot(hosts: readonly EmulatedHost[], atOnce: number): Promise<void> {
  for (let index = 0; index < hosts.length; index += atOnce) {
    await Promise.all(hosts.slice(index, index + atOnce).map((host) => host.start()));
  }
}
