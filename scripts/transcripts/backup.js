import { readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { ActionError, defineAgent } from '@troupe/core';

const ddl = JSON.parse(readFileSync(new URL('./backup.json', import.meta.url), 'utf8'));

/** An agent whose actions take a while, tell how far they are, and fail on the host that is a database. */
export default defineAgent(ddl, (_, host) => {
  const files = host.identity.length * 100;
  const isDatabase = host.classes().includes('role::db');
  return {
    run: async ({ seconds }, { progress, signal }) => {
      for (const folder of ['/etc', '/srv', '/home']) {
        progress(`copying ${folder}`);
        await delay((seconds * 1000) / 3, undefined, { signal });
      }
      return { files };
    },
    status: () => ({ last: isDatabase ? '2026-11-20' : '2026-11-21', files }),
    verify: () => {
      if (isDatabase) throw new ActionError('/srv/db/orders.dump: checksum differs');
      return {};
    },
  };
});
