import type { DataResult, Host } from '@troupe/core';
import { figuresOf } from './last-run-summary.js';
import type { Puppet } from './puppet/index.js';

/** Offers the data functions `puppet()` and `resource('Type[title]')` to filters. */
export function providePuppetData(host: Pick<Host, 'provideData'>, puppet: Puppet): void {
  host.provideData('puppet', async () => {
    const { message, lastrun_began, ...status } = await puppet.status();
    return status;
  });
  host.provideData('resource', (query) => resourceData(puppet, query));
}

async function resourceData(puppet: Puppet, query: string | undefined): Promise<DataResult> {
  const managed = query !== undefined && (await puppet.isManaged(query));
  return { managed, ...figuresOf(await puppet.lastRun()) };
}
