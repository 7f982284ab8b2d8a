import { statSync } from 'node:fs';
import { messageOf } from '@troupe/core';
import { readRegularFileSync } from '@troupe/core/regular-file';
import { configFault } from './config-fault.js';

/**
 * Reads a secret from a separate file, without the line break at its end. Throws CONFIG_INVALID, naming `key`, if the
 * file is empty or other users than its owner may read or change it.
 */
export function readSecret(file: string, key: string): string {
  const secret = readConfigured(file, key).replace(/\r?\n$/, '');
  if ((statSync(file).mode & 0o077) !== 0)
    throw configFault(key, `${file} is accessible by other users: run chmod 600 ${file}`);
  if (secret === '') throw configFault(key, `${file} is empty`);
  return secret;
}

/** Reads a file that the configuration names. Throws CONFIG_INVALID, naming `key`. */
export function readConfigured(file: string, key: string): string {
  try {
    return readRegularFileSync(file).toString('utf8');
  } catch (cause) {
    throw configFault(key, messageOf(cause), cause);
  }
}
