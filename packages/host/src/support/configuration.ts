import { parseConfig } from '@troupe/core';
import { readRegularFile } from '@troupe/core/regular-file';
import { configWithoutSecrets } from './without-secrets.js';

/** A configuration without secrets, and the file that it is from. */
export function configReport(file: string, config: unknown): object {
  return { file, values: configWithoutSecrets(config, isFileName) };
}

/** The same of a configuration file as it is written, whatever its keys are. Throws what reading it throws, and CONFIG_INVALID. */
export async function writtenConfigReport(file: string): Promise<object> {
  const text = (await readRegularFile(file)).toString('utf8');
  return configReport(file, parseConfig(text, { type: 'object' }, file));
}

// In this section each value under a secret-looking key is the name of a file.
const isFileName = ([section]: readonly string[]) => section === 'security';
