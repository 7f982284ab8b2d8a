import discovery from '@troupe/ddl/discovery.json' with { type: 'json' };
import { callWork } from '../../call/calling.js';
import { selectionOf } from '../../call/selection.js';
import { withClient } from '../../call/with-client.js';
import { workOf } from '../../call/work.js';
import type { Shell } from '../../command-line/shell.js';
import { readClientConfig } from '../../config/client-config.js';
import type { ExitCode } from '../../exit.js';
import { JobListPresenter } from '../../output/job-list.js';
import type { JobOptions } from './job.js';

/** The options of mco job list. */
export type ListOptions = JobOptions & { readonly running?: true };

/** Lists the requests of this caller that nodes keep. */
export async function listJobs({ screen }: Shell, options: ListOptions): Promise<ExitCode> {
  const config = readClientConfig(options);
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
