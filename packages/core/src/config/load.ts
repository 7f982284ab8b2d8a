import { resolve } from 'node:path';
import type { ErrorObject, ValidateFunction } from 'ajv';
import commonJs from '../commonjs.cjs';
import { suggestion } from '../ddl/suggestion.js';
import { messageOf, systemReasonOf, TroupeError } from '../errors.js';
import { readRegularFileSync } from '../regular-file.js';
import { madeBefore, newAjv, type SchemaHost } from '../schema.js';
import type { ConfigOf, ConfigSchema } from './config-schema.js';
import { nestsDeeper, opensTooMuch } from './depth.js';
import { readDurations } from './durations.js';

const mostDepth = 64;

/** Reads a YAML file, fills in the schema's defaults, checks it and freezes it. Throws FILE_UNREADABLE or CONFIG_INVALID with all faults at once. */
export function loadConfig<const S extends ConfigSchema>(file: string, schema: S): ConfigOf<S> {
  let text: string;
  try {
    text = readRegularFileSync(file).toString('utf8');
  } catch (cause) {
    throw new TroupeError(
      'FILE_UNREADABLE',
      `cannot read the configuration ${file}: ${systemReasonOf(cause)}`,
      { cause },
    );
  }
  const config = parseConfig(text, schema, file);
  files.set(config as object, resolve(file));
  return config;
}

const files = new WeakMap<object, string>();

/** The absolute path of the file that a configuration was loaded from; undefined for one that was made in a program. */
export function configFileOf(config: object): string | undefined {
  return files.get(config);
}

/** As loadConfig, for a text that came from `where`. */
export function parseConfig<const S extends ConfigSchema>(
  text: string,
  schema: S,
  where: string,
): ConfigOf<S> {
  if (opensTooMuch(text)) throw new TroupeError('CONFIG_INVALID', `${where}: the YAML is nested too deeply`);
  const { LineCounter, parseDocument } = commonJs.yaml();
  const lines = new LineCounter();
  const document = readAs(where, () =>
    parseDocument(text, { lineCounter: lines, prettyErrors: false, logLevel: 'error', stringKeys: true }),
  );
  const [fault] = document.errors;
  if (fault) {
    const { line, col } = lines.linePos(fault.pos[0]);
    throw new TroupeError(
      'CONFIG_INVALID',
      `${where}:${line}:${col}: not valid YAML: ${fault.message.split('\n')[0]}`,
    );
  }
  const value = readAs(where, () => document.toJS({ maxAliasCount: 100 }) as unknown);
  return checkConfig(value ?? {}, schema, where);
}

function readAs<T>(where: string, read: () => T): T {
  try {
    return read();
  } catch (cause) {
    if (cause instanceof RangeError)
      throw new TroupeError('CONFIG_INVALID', `${where}: the YAML is nested too deeply`);
    const [reason] = messageOf(cause).split('\n', 1);
    throw new TroupeError('CONFIG_INVALID', `${where}: ${reason}`, { cause });
  }
}

/** Checks a configuration that is already an object; the object is not changed. Throws CONFIG_INVALID. */
export function checkConfig<const S extends ConfigSchema>(
  value: unknown,
  schema: S,
  where: string,
): ConfigOf<S> {
  if (nestsDeeper(value, mostDepth))
    throw new TroupeError(
      'CONFIG_INVALID',
      `${where}: it is nested deeper than ${mostDepth} levels, or recursively`,
    );
  const config = readDurations(structuredClone(value), schema);
  // Here the type is joined to what has been checked: both come from the schema.
  const isSound = (checked: unknown): checked is ConfigOf<S> => soundnessOf(schema)(checked);
  if (isSound(config)) return deepFreeze(config);
  const validate = newAjv('config-faults', host).compile(schema);
  validate(readDurations(structuredClone(value), schema));
  const faults = (validate.errors ?? []).filter(({ keyword }) => keyword !== 'if').map(wording);
  throw new TroupeError('CONFIG_INVALID', `${where}: ${[...new Set(faults)].join('; ')}`);
}

function isMqttUrl(text: string): boolean {
  return URL.canParse(text) && /^mqtts?:$/.test(new URL(text).protocol);
}

/** What the schema of a configuration may name. */
const host: SchemaHost = { formats: { 'mqtt-url': isMqttUrl, seconds: () => true } };

const validators = new WeakMap<ConfigSchema, ValidateFunction>();

function soundnessOf(schema: ConfigSchema): ValidateFunction {
  const known = validators.get(schema);
  if (known) return known;
  const validate = madeBefore('config', schema, host) ?? newAjv('config', host).compile(schema);
  validators.set(schema, validate);
  return validate;
}

function wording(error: ErrorObject): string {
  const path = error.instancePath.slice(1).replaceAll('/', '.');
  return path === '' ? faultOf(error) : `${path}: ${faultOf(error)}`;
}

function faultOf(error: ErrorObject): string {
  const { params } = error as { params: Record<string, unknown> };
  if (error.keyword === 'additionalProperties') {
    const key = String(params.additionalProperty);
    const known = Object.keys((error.parentSchema?.properties as object | undefined) ?? {});
    return `unknown key "${key}"${suggestion(key, known)}`;
  }
  if (error.keyword === 'required') return `"${params.missingProperty}" is missing`;
  if (error.keyword === 'enum') return `must be one of ${(params.allowedValues as unknown[]).join(', ')}`;
  const { format } = (error.parentSchema ?? {}) as ConfigSchema;
  if (error.keyword === 'type' && format === 'seconds')
    return 'must be a duration: a number of seconds, or a text such as 90s, 5m or 1h';
  if (error.keyword === 'format') return 'must be a URL such as mqtts://broker.example.net:8883';
  return error.message ?? error.keyword;
}

function deepFreeze<T>(value: T): T {
  if (typeof value === 'object' && value !== null) {
    for (const inner of Object.values(value)) deepFreeze(inner);
    Object.freeze(value);
  }
  return value;
}
