import { compilePattern } from '@troupe/core';
import { validitiesOf, validityState } from '@troupe/core/internal';
import { loadCredentials } from './authentication/credentials.js';
import { tokenVerifier } from './authentication/token-verifier.js';
import { membership } from './authorization/membership.js';
import { type BrokerConfig, loadBrokerConfig } from './config.js';
import { isTls, listenAddress } from './connection/listener.js';

/** The result of checking the configuration of a broker. */
export interface BrokerCheck {
  /** What keeps the broker from starting. */
  readonly faults: readonly unknown[];
  /** What does not. */
  readonly warnings: readonly string[];
}

/**
 * Checks the configuration of a broker, its addresses and the files that it names, as the start does, but opens no port.
 * Throws FILE_UNREADABLE, CONFIG_INVALID.
 */
export async function checkBroker(file: string): Promise<BrokerCheck> {
  const config = loadBrokerConfig(file);
  const faults: unknown[] = [];
  for (const check of checksOf(config)) {
    try {
      await check();
    } catch (error) {
      faults.push(error);
    }
  }
  return { faults, warnings: warningsOf(config) };
}

function checksOf({ listen, security, enrolment, collectives }: BrokerConfig): (() => unknown)[] {
  return [
    ...listen.map((url) => () => listenAddress(url)),
    () => compilePattern(security.callers.match, 'security.callers.match'),
    () => membership(collectives),
    () => tokenVerifier(security, enrolment),
    ...(hasTls(listen) ? [() => loadCredentials(security)] : []),
  ];
}

// An address that is at fault is one of the faults.
function hasTls(listen: readonly string[]): boolean {
  return listen.some((url) => {
    try {
      return isTls(url);
    } catch {
      return false;
    }
  });
}

function warningsOf({ listen, security }: BrokerConfig): readonly string[] {
  if (!hasTls(listen)) return [];
  return validitiesOf(security)
    .map((validity) => validityState(validity))
    .flatMap(({ level, message }) => (level === 'ok' ? [] : [message]));
}
