import { join } from 'node:path';
import { checkTokenFacts, type Logger, nodeSecurity, type Security, TroupeError } from '@troupe/core';
import { fileFaults } from '@troupe/core/internal';
import type { DaemonConfig } from './config.js';
import { Facter } from './node/facter.js';
import { FactSource } from './node/facts.js';
import { type Settings, settingsOf } from './settings.js';
import { Attempts } from './start-faults.js';

/** What a daemon needs before it can load its agents and connect. */
export interface Preparation {
  readonly settings: Settings;
  readonly security: Security;
  readonly facts: FactSource;
}

export interface PreparationOptions {
  readonly config: DaemonConfig;
  readonly log: Logger;
  /** Whether another way to a broker is given, so that the configuration need not name one. */
  readonly hasTransport?: boolean;
  /** Whether this is only to see if a daemon could start: then nothing is written and nothing runs. */
  readonly isTrial?: boolean;
  /** What is known already to keep the daemon from starting. */
  readonly faults?: readonly TroupeError[];
}

/**
 * Prepares a start, or only tries to: the start and `mcod --check` do the same, so that they agree. Throws all faults at once:
 * CONFIG_INVALID, FILE_UNREADABLE, CERTIFICATE_INVALID, TOKEN_INVALID, IDENTITY_INVALID.
 */
export async function prepare(options: PreparationOptions): Promise<Preparation> {
  const { config, log, hasTransport = false, isTrial = false, faults = [] } = options;
  const attempts = new Attempts([...faults, ...fileFaults(config.security, config.broker)]);
  const settings = settingsOf(config, attempts);
  attempts.try(() => checkAudit(config));
  const broker = settings?.broker ?? config.broker;
  if (!hasTransport && settings) attempts.try(() => checkBroker(broker));
  // What its files say together is worth a look only if each of them can be read.
  const { mode } = config.security;
  const security =
    settings && (mode !== 'x509' || !attempts.hasFailed)
      ? attempts.try(() =>
          nodeSecurity({
            config: config.security,
            broker,
            identity: settings.identity,
            stateDir: config.state_dir,
            log,
            isTrial: isTrial || attempts.hasFailed,
          }),
        )
      : undefined;
  const source = openFacts(config, log, isTrial);
  if (settings?.claims) await attempts.wait(() => checkTokenFacts(settings.claims as never, source.read()));
  if (attempts.hasFailed || !settings || !security) {
    await source.close();
    attempts.throwFaults();
    throw new Error('a start was not prepared, for no reason');
  }
  return { settings, security, facts: source };
}

function checkAudit({ audit: { file, events, on_failure } }: DaemonConfig): void {
  if (file === undefined && (events || on_failure === 'refuse'))
    throw new TroupeError(
      'CONFIG_INVALID',
      'audit.file is missing: audit.events and audit.on_failure refuse require it',
    );
}

function checkBroker({ urls }: DaemonConfig['broker']): void {
  if (urls.length === 0)
    throw new TroupeError('CONFIG_INVALID', 'broker.urls is empty: add the URL of a broker');
}

function openFacts(config: DaemonConfig, log: Logger, isTrial: boolean): FactSource {
  const { paths, facter } = config.facts;
  const cache = join(config.state_dir, 'facter.json');
  return new FactSource(paths, log, facter && new Facter({ ...facter, cache, log, isTrial }));
}
