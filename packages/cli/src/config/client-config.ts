import { type ClientConfig, clientConfigFile, findClientConfig, loadClientConfig } from '@troupe/client';
import type { GlobalOptions } from '../command-line/options.js';

/** Reads the configuration that the options name, or the one that is found. Throws FILE_UNREADABLE, CONFIG_INVALID. */
export function readClientConfig(options: Pick<GlobalOptions, 'config'>): ClientConfig {
  return loadClientConfig(findClientConfig(options.config));
}

/** For commands that also work without a configuration: undefined if there is none. An invalid one is an error. */
export function clientConfigIfAny(options: Pick<GlobalOptions, 'config'>): ClientConfig | undefined {
  const file = clientConfigFile(options.config);
  return file === undefined ? undefined : loadClientConfig(file);
}
