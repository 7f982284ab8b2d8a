import type { ErrorObject, ValidateFunction } from 'ajv';
import type { Document, LineCounter } from 'yaml';
import commonJs from '../commonjs.cjs';
import { pointerSteps } from '../ddl/pointer.js';
import { suggestion } from '../ddl/suggestion.js';
import { messageOf, systemReasonOf, TroupeError } from '../errors.js';
import { readRegularFileSync } from '../regular-file.js';
import { madeBefore, newAjv, type SchemaHost } from '../schema.js';
import { rememberFile } from './config-file.js';
import type { ConfigOf, ConfigSchema } from './config-schema.js';
import { nestsDeeper, opensTooMuch } from './depth.js';
import { readDurations } from './durations.js';
import { yamlFault } from './yaml-fault.js';

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
  rememberFile(config as object, file);
  return config;
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
    throw new TroupeError('CONFIG_INVALID', `${where}:${line}:${col}: not valid YAML: ${yamlFault(fault)}`);
  }
  const value = readAs(where, () => document.toJS({ maxAliasCount: 100 }) as unknown);
  return checked(value ?? {}, schema, {
    where,
    lineOf: (error) => lineIn(document, lines, error),
    otherProgram,
  });
}

// The line of an unknown key, or of a value that is not allowed.
function lineIn(document: Document, lines: LineCounter, error: ErrorObject): number | undefined {
  const path = pointerSteps(error.instancePath);
  const node = path.length === 0 ? document.contents : document.getIn(path, true);
  const { isMap, isNode } = commonJs.yaml();
  const unknown = error.params.additionalProperty as string | undefined;
  if (unknown === undefined && path.length === 0) return undefined;
  const pair = isMap(node) ? node.items.find(({ key }) => String(key) === unknown) : undefined;
  const place = unknown === undefined ? node : pair?.key;
  return isNode(place) && place.range ? lines.linePos(place.range[0]).line : undefined;
}

// Keys at the top of a file by which the configuration of another program is recognized.
const keysOfPrograms: Readonly<Record<string, readonly string[]>> = {
  mcod: ['identity', 'agents', 'external_agents', 'plugins', 'state_dir', 'authorization', 'facts'],
  mco: ['ddl_dirs', 'applications'],
  mcprovision: ['steps', 'step_settings', 'master', 'target', 'sleeptime', 'workers'],
  'troupe-broker': ['listen', 'enrolment'],
};

function otherProgram(unknown: readonly string[]): string | undefined {
  const programs = Object.entries(keysOfPrograms);
  return programs.find(([, keys]) => unknown.some((key) => keys.includes(key)))?.[0];
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
  return checked(value, schema, { where });
}

/** Where a configuration comes from, for its errors. */
interface Source {
  readonly where: string;
  readonly lineOf?: (error: ErrorObject) => number | undefined;
  /** The program whose configuration has these keys, which are unknown here. */
  readonly otherProgram?: (unknown: readonly string[]) => string | undefined;
}

function checked<const S extends ConfigSchema>(
  value: unknown,
  schema: S,
  { where, lineOf, otherProgram }: Source,
): ConfigOf<S> {
  if (nestsDeeper(value, mostDepth))
    throw new TroupeError(
      'CONFIG_INVALID',
      `${where}: it is nested deeper than ${mostDepth} levels, or recursively`,
    );
  const config = readDurations(structuredClone(value), schema);
  // Here the type is joined to what has been checked: both come from the schema.
  const isSound = (read: unknown): read is ConfigOf<S> => soundnessOf(schema)(read);
  if (isSound(config)) return deepFreeze(config);
  const validate = newAjv('config-faults', configHost).compile(schema);
  validate(readDurations(structuredClone(value), schema));
  const errors = (validate.errors ?? []).filter(({ keyword }) => keyword !== 'if');
  const faults = errors.map((error) => {
    const line = lineOf?.(error);
    return `${wording(error)}${line === undefined ? '' : ` (line ${line})`}`;
  });
  const unknown = errors.filter(({ instancePath }) => instancePath === '');
  const program = otherProgram?.(unknown.map(({ params }) => String(params.additionalProperty)));
  if (program !== undefined) faults.push(`this looks like a configuration of ${program}`);
  throw new TroupeError('CONFIG_INVALID', `${where}: ${[...new Set(faults)].join('; ')}`);
}

function isMqttUrl(text: string): boolean {
  return URL.canParse(text) && /^mqtts?:$/.test(new URL(text).protocol);
}

/** What the schema of a configuration may name. */
export const configHost: SchemaHost = { formats: { 'mqtt-url': isMqttUrl, seconds: () => true } };

// no peer fills this: it holds schemas of configurations
const validators = new WeakMap<ConfigSchema, ValidateFunction>();

function soundnessOf(schema: ConfigSchema): ValidateFunction {
  const known = validators.get(schema);
  if (known) return known;
  const validate = madeBefore('config', schema, configHost) ?? newAjv('config', configHost).compile(schema);
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
  const allowed = error.keyword === 'pattern' ? allowedWords[String(params.pattern)] : undefined;
  if (allowed !== undefined) return `${JSON.stringify(error.data)} is not valid: use ${allowed}`;
  return error.message ?? error.keyword;
}

const name = 'a-z, 0-9, "_" and "-", beginning with a letter or digit';

// What the patterns of the schemas allow; other patterns are shown as they are, without the value, which may be a secret.
const allowedWords: Readonly<Record<string, string>> = {
  '^/': 'an absolute path',
  '\\.prom$': 'a name that ends in .prom: the node exporter reads no other files',
  '^[a-z0-9][a-z0-9._-]*$': 'a-z, 0-9, ".", "_" and "-", beginning with a letter or digit',
  '^[a-z0-9][a-z0-9_-]*$': name,
  '^[a-z0-9][a-z0-9_-]{0,62}$': `${name}, at most 63 characters`,
  '^[a-z0-9_]+$': 'a-z, 0-9 and "_"',
  '^(yes|no|on|off)$': 'true, false, yes, no, on or off',
};

function deepFreeze<T>(value: T): T {
  if (typeof value === 'object' && value !== null) {
    for (const inner of Object.values(value)) deepFreeze(inner);
    Object.freeze(value);
  }
  return value;
}
