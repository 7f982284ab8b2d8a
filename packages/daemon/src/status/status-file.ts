import { join } from 'node:path';
import type { Logger } from '@troupe/core';
import { RewrittenFile } from '@troupe/core/internal';
import type { DaemonConfig } from '../config.js';
import type { DaemonStatus } from './status.js';

/** Where the daemon of a configuration writes its status. */
export function statusFileOf(config: Pick<DaemonConfig, 'status_file' | 'state_dir'>): string {
  return config.status_file ?? join(config.state_dir, 'status.json');
}

/** Writes the status of a daemon to a file, at an interval and on request, until closed. */
export function openStatusFile(options: {
  readonly file: string;
  readonly seconds: number;
  readonly read: () => DaemonStatus;
  readonly log: Logger;
}): RewrittenFile {
  const { read, ...rest } = options;
  return new RewrittenFile({
    ...rest,
    what: 'the status file',
    read: () => `${JSON.stringify(read(), null, 2)}\n`,
  });
}
