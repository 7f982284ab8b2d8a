import type { ClientConfig } from '@troupe/client';
import { TroupeError } from '@troupe/core';
import type { GlobalOptions } from '../command-line/options.js';
import { readConfig } from './session.js';

/** For what works without a configuration too: nothing where there is none. A faulty one is an error all the same. */
export function configIfAny(options: Pick<GlobalOptions, 'config'>): ClientConfig | undefined {
  try {
    return readConfig(options);
  } catch (error) {
    const isAbsent = error instanceof TroupeError && error.message.startsWith('no configuration');
    if (isAbsent && options.config === undefined && !process.env.TROUPE_CONFIG) return undefined;
    throw error;
  }
}
