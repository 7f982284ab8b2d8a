import discovery from '@troupe/ddl/discovery.json' with { type: 'json' };
import { callWork } from '../calling.js';
import type { ListOptions } from '../definitions/job.js';
import type { ExitCode } from '../exit.js';
import { JobListPresenter } from '../output/job-list.js';
import { selectionOf } from '../selection.js';
import { readConfig, withClient } from '../session.js';
import type { Shell } from '../shell.js';
import { workOf } from '../work.js';

/** Lists the requests of this caller that nodes keep. */
export async function listJobs({ screen }: Shell, options: ListOptions): Promise<ExitCode> {
  const config = readConfig(options);
  const filter = await selectionOf(options);
  return withClient(screen, config, (client) =>
    callWork(workOf(discovery, 'jobs', {}), {
      screen,
      client,
      collective: options.target ?? client.mainCollective,
      filter,
      presenter: new JobListPresenter(screen, options),
      options: { ...options, progress: true },
    }),
  );
}
