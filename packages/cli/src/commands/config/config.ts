import { type ClientConfig, configPlaces, findClientConfig, localCaller } from '@troupe/client';
import { clientSecurity, parseConfig } from '@troupe/core';
import { readRegularFileSync } from '@troupe/core/regular-file';
import type { GlobalOptions } from '../../command-line/options.js';
import type { Shell } from '../../command-line/shell.js';
import { readClientConfig } from '../../config/client-config.js';
import { ExitCode } from '../../exit.js';

/** The options of mco config. */
export type ConfigOptions = GlobalOptions & { readonly json?: true };

interface ConfigValue {
  readonly key: string;
  readonly value: unknown;
  readonly from: 'file' | 'default';
}

/** Prints every value of the configuration and its source. */
export function showConfig({ screen }: Shell, options: ConfigOptions): ExitCode {
  const file = findClientConfig(options.config);
  const config = readClientConfig({ config: file });
  const written = parseConfig(readRegularFileSync(file).toString('utf8'), { type: 'object' }, file);
  const values = valuesOf(config, written);
  if (screen.json) {
    for (const entry of values) screen.json.result(entry);
    screen.json.summarize(null, { file, found_by: foundBy(options) });
  } else {
    screen.print(`${file} (${foundBy(options)})\n`);
    const widest = Math.max(...values.map(({ key }) => key.length));
    for (const { key, value, from } of values) {
      const origin = from === 'default' ? screen.paint('dim', '   # default') : '';
      screen.print(`   ${key.padEnd(widest)} = ${JSON.stringify(value)}${origin}`);
    }
  }
  return ExitCode.ok;
}

function valuesOf(config: object, written: Readonly<Record<string, unknown>>, prefix = ''): ConfigValue[] {
  return Object.entries(config).flatMap(([name, value]): ConfigValue[] => {
    const key = `${prefix}${name}`;
    const inFile = written[name];
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
      return valuesOf(value, (inFile ?? {}) as Record<string, unknown>, `${key}.`);
    }
    return [{ key, value, from: inFile === undefined ? 'default' : 'file' }];
  });
}

/** Validates the configuration and the files that it names. */
export function checkConfig({ screen }: Shell, options: ConfigOptions): ExitCode {
  const file = findClientConfig(options.config);
  const config: ClientConfig = readClientConfig({ config: file });
  const { signer } = clientSecurity({ config: config.security, broker: config.broker, name: localCaller() });
  screen.print(
    `${file} is valid: caller ${signer.name}, broker ${config.broker.urls.join(' or ') || 'missing: set broker.urls'}`,
  );
  return config.broker.urls.length > 0 ? ExitCode.ok : ExitCode.error;
}

function foundBy({ config }: GlobalOptions): string {
  if (config !== undefined) return '--config';
  if (process.env.TROUPE_CONFIG !== undefined) return 'TROUPE_CONFIG';
  return `the first of ${configPlaces().join(', ')}`;
}
