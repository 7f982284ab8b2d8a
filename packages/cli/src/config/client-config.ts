import { type ClientConfig, findClientConfig, loadClientConfig } from '@troupe/client';
import { TroupeError } from '@troupe/core';
import type { GlobalOptions } from '../command-line/options.js';

/** Reads the configuration that the options name, or the one that is found. Throws FILE_UNREADABLE, CONFIG_INVALID. */
export function readClientConfig(options: Pick<GlobalOptions, 'config'>): ClientConfig {
  return loadClientConfig(findClientConfig(options.config));
}

/** For commands that also work without a configuration: undefined if there is none. An invalid one is an error. */
export function clientConfigIfAny(options: Pick<GlobalOptions, 'config'>): ClientConfig | undefined {
  try {
    return readClientConfig(options);
  } catch (error) {
    const isAbsent = error instanceof TroupeError && error.message.startsWith('no configuration');
    if (isAbsent && options.config === undefined && !process.env.TROUPE_CONFIG) return undefined;
    throw error;
  }
}
