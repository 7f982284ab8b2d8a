import type { BrokerConfig, SecurityConfig } from '../config/sections.js';
import { TroupeError } from '../errors.js';
import { loadOwn, readSecret, readText } from './own.js';

/**
 * What is wrong with each file that a process with a certificate needs, so that one fault does not hide the next: they are
 * read one by one. Only when there is none, what they say together is checked.
 */
export function fileFaults(config: SecurityConfig, { ca }: Pick<BrokerConfig, 'ca'>): readonly TroupeError[] {
  if (config.mode !== 'x509') return [];
  const { certificate, key, callers, crl } = config;
  const alone = faultsIn([
    () => readText(certificate, 'security.certificate', config),
    () => readSecret(key, 'security.key', config),
    () => readText(config.ca, 'security.ca', config),
    () => callers.ca !== undefined && readText(callers.ca, 'security.callers.ca', config),
    () => ca !== undefined && readText(ca, 'broker.ca', config),
    () => crl !== undefined && readText(crl, 'security.crl', config),
  ]);
  return alone.length > 0 ? alone : faultsIn([() => loadOwn(config)]);
}

function faultsIn(reads: readonly (() => unknown)[]): TroupeError[] {
  return reads.flatMap((read) => {
    try {
      read();
      return [];
    } catch (error) {
      if (!(error instanceof TroupeError)) throw error;
      return [error];
    }
  });
}
