import { messageOf } from '@troupe/core';
import { failureText, validitiesOf, validityState } from '@troupe/core/internal';
import { clientConfigOf, loadProvisionerConfig, type ProvisionerConfig } from '../config/config.js';
import { openFallback } from '../config/recipients.js';
import { stepsOf } from '../steps/index.js';
import { ExitCode } from './exit-code.js';
import type { Io } from './io.js';
import { jsonLine } from './json-line.js';
import { findConfig } from './session.js';

/** `mcprovision check`: checks a configuration and shows what it means, without connecting. */
export function check(io: Io, options: { config?: string; json?: boolean }): ExitCode {
  const file = findConfig(options.config);
  const config = loadProvisionerConfig(file);
  const { urls, ends, error } = clientOf(config);
  const fault = error === undefined ? undefined : messageOf(error);
  // Its files and programs must be usable, as at the start.
  if (config.notify.fallback) openFallback(config.notify.fallback);
  const steps = [...stepsOf(config).map(({ name }) => name), ...(config.steps.notify ? ['notify'] : [])];
  const off = Object.entries(config.steps).flatMap(([name, isOn]) => (isOn ? [] : [name]));
  const { collectives, notes } = config;
  const warnings = [...config.warnings, ...ends];
  if (options.json) {
    io.out(
      jsonLine({
        file,
        steps,
        replaced: config.stepActions,
        off,
        collectives,
        brokers: urls,
        fault,
        notes,
        warnings,
      }),
    );
    return fault === undefined ? ExitCode.ok : ExitCode.error;
  }
  io.out(`${file} is valid\n`);
  io.out(`  steps        ${steps.join(', ')}\n`);
  for (const [step, { agent, action, on }] of Object.entries(config.stepActions))
    io.out(`  replaced     ${step}: ${agent} ${action} (on: ${on})\n`);
  if (off.length > 0) io.out(`  disabled     ${off.join(', ')}\n`);
  io.out(
    `  collectives  ${collectives.enrolment} (new machines), ${collectives.main} (masters, notifiers)\n`,
  );
  io.out(`  broker       ${urls.join(', ') || 'unknown'}\n`);
  for (const warning of warnings) io.out(`  warning: ${warning}\n`);
  for (const note of notes) io.out(`  note: ${note}\n`);
  if (fault === undefined) return ExitCode.ok;
  io.err(failureText('mcprovision', error, { isTerminal: io.outputs.err === 'terminal' }));
  return ExitCode.error;
}

// A file of 2010 does not name a broker: that was in the environment.
function clientOf(config: ProvisionerConfig): {
  readonly urls: readonly string[];
  /** The certificates and revocation lists that expire soon, or have expired. */
  readonly ends: readonly string[];
  readonly error?: unknown;
} {
  try {
    const { broker, security } = clientConfigOf(config);
    const states = validitiesOf(security).map((validity) => validityState(validity));
    return {
      urls: broker.urls,
      ends: states.flatMap(({ level, message }) => (level === 'ok' ? [] : [message])),
    };
  } catch (error) {
    return { urls: [], ends: [], error };
  }
}
