import { readdirSync, readFileSync, statSync } from 'node:fs';
import { arch, cpus, hostname, networkInterfaces, platform, release, totalmem } from 'node:os';
import { extname, join } from 'node:path';
import { commonJs } from '../commonjs.js';
import { nestsDeeper, opensTooMuch } from '../config/depth.js';
import { messageOf, TroupeError } from '../errors.js';
import type { Facts } from '../filter/filter.js';
import type { Logger } from '../log.js';

const freshFor = 10_000;
const maxFileBytes = 4 * 1024 * 1024;
const mostDepth = 32;

/** The host's facts: built-in ones, then those of files and folders, where later ones win. A source that cannot be read keeps its last good facts. */
export class FactSource {
  readonly #paths: readonly string[];
  readonly #log: Logger;
  readonly #files = new Map<string, { stamp: string; facts: Facts }>();
  #facts: Facts = {};
  #readAt = Number.NEGATIVE_INFINITY;

  constructor(paths: readonly string[], log: Logger) {
    this.#paths = paths;
    this.#log = log;
  }

  /** The facts now; files are looked at again after ten seconds. */
  read(now = Date.now()): Facts {
    if (now - this.#readAt < freshFor) return this.#facts;
    this.#readAt = now;
    const parts = this.#paths.flatMap((path) => this.#expand(path)).map((file) => this.#readFile(file));
    // By definition and not by assignment: a fact named __proto__ is a fact.
    this.#facts = Object.freeze(Object.fromEntries([builtinFacts(), ...parts].flatMap(Object.entries)));
    return this.#facts;
  }

  #expand(path: string): string[] {
    try {
      if (!statSync(path).isDirectory()) return [path];
      return readdirSync(path)
        .filter((name) => extname(name) in parsers)
        .sort()
        .map((name) => join(path, name));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT')
        this.#log.warn({ err: error, path }, 'cannot read facts');
      return [...this.#files.keys()].filter((file) => file === path || file.startsWith(`${path}/`));
    }
  }

  #readFile(file: string): Facts {
    const known = this.#files.get(file);
    try {
      const { mtimeMs, size, ino } = statSync(file);
      const stamp = `${mtimeMs} ${size} ${ino}`;
      if (known?.stamp === stamp) return known.facts;
      const facts = parseFacts(file, size);
      this.#files.set(file, { stamp, facts });
      return facts;
    } catch (error) {
      this.#log.warn({ err: error, file }, 'cannot read facts: the last good ones of this file are kept');
      return known?.facts ?? {};
    }
  }
}

// A key that is a collection is turned into a text again and again: 800 bytes of "? ? ?" take half a minute.
const yamlOptions = { maxAliasCount: 100, prettyErrors: false, logLevel: 'error', stringKeys: true } as const;

const parsers: Readonly<Record<string, (text: string) => unknown>> = {
  '.yaml': (text) => commonJs.yaml().parse(text, yamlOptions),
  '.yml': (text) => commonJs.yaml().parse(text, yamlOptions),
  '.json': (text) => JSON.parse(text),
  '.txt': (text) =>
    Object.fromEntries(
      text
        .split('\n')
        .filter((line) => line.includes('='))
        .map((line) => [line.slice(0, line.indexOf('=')).trim(), line.slice(line.indexOf('=') + 1).trim()]),
    ),
};

function parseFacts(file: string, size: number): Facts {
  if (size > maxFileBytes) throw unusable(file, `it has ${size} bytes, the most is ${maxFileBytes}`);
  return parseFactText(readFileSync(file, 'utf8'), file);
}

/** The facts of a text that came from `file`, whose ending says how to read it. Throws FILE_UNREADABLE. */
export function parseFactText(text: string, file: string): Facts {
  if (opensTooMuch(text)) throw unusable(file, 'it nests too deeply to be read');
  let facts: unknown;
  try {
    facts = parsers[extname(file)]?.(text) ?? {};
  } catch (cause) {
    if (cause instanceof RangeError) throw unusable(file, 'it nests too deeply to be read');
    throw unusable(file, messageOf(cause).split('\n', 1)[0] ?? '', cause);
  }
  if (typeof facts !== 'object' || facts === null || Array.isArray(facts))
    throw unusable(file, 'it does not hold names and values');
  if (nestsDeeper(facts, mostDepth)) throw unusable(file, `it nests deeper than ${mostDepth} levels`);
  return facts as Facts;
}

function unusable(file: string, reason: string, cause?: unknown): TroupeError {
  return new TroupeError('FILE_UNREADABLE', `${file}: ${reason}`, { cause });
}

/** What Node itself knows of the host. */
export function builtinFacts(): Facts {
  const addresses = Object.values(networkInterfaces()).flat();
  const ip = addresses.find((address) => address && !address.internal && address.family === 'IPv4')?.address;
  return {
    hostname: hostname().split('.')[0],
    kernel: platform(),
    kernelrelease: release(),
    architecture: arch(),
    processors: { count: cpus().length },
    memory: { total_bytes: totalmem() },
    ...(ip === undefined ? {} : { ipaddress: ip, networking: { ip } }),
  };
}

/** The classes of a file, one on each line; none where there is no file. */
export function readClasses(file: string | undefined): readonly string[] {
  if (file === undefined) return [];
  try {
    return readFileSync(file, 'utf8')
      .split('\n')
      .map((line) => line.trim())
      .filter((line) => line !== '');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}
