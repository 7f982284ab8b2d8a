import { readdirSync, statSync } from 'node:fs';
import { arch, cpus, hostname, networkInterfaces, platform, release, totalmem } from 'node:os';
import { join } from 'node:path';
import { type Facts, type Logger, messageOf, silentLogger } from '@troupe/core';
import { isErrno } from '@troupe/core/durable-file';
import { checkTrusted } from '@troupe/core/trusted-path';
import { isFactFile, readFacts } from './fact-text.js';
import type { Facter, FacterStatus } from './facter.js';

const freshFor = 10_000;

/** How old the facts are, and what is wrong with their sources. */
export interface FactsStatus {
  /** Milliseconds since 1970: when files were looked at last; absent where nobody has asked for facts. */
  readonly readAt?: number;
  readonly facter?: FacterStatus;
  /** Files and folders that cannot be read now; their last good facts are kept. */
  readonly faults: readonly { readonly source: string; readonly reason: string }[];
}

/** The host's facts: built-in ones, then facter's, then those of files and folders, where later ones win. A source that cannot be read keeps its last good facts. */
export class FactSource {
  readonly #paths: readonly string[];
  readonly #log: Logger;
  readonly #facter: Facter | undefined;
  // no peer fills this: it holds the facts of this host
  readonly #files = new Map<string, { stamp: string; facts: Facts }>();
  // no peer fills this: it holds the facts of this host
  readonly #faults = new Map<string, string>();
  #facts: Facts = {};
  #readAt: number | undefined;

  constructor(paths: readonly string[], log: Logger, facter?: Facter) {
    this.#paths = paths;
    this.#log = log;
    this.#facter = facter;
    facter?.onFacts(() => {
      this.#readAt = undefined;
    });
  }

  /** The facts now; files are looked at again after ten seconds. */
  read(now = Date.now()): Facts {
    // A clock that was set back must not stop the looking.
    if (this.#readAt !== undefined && Math.abs(now - this.#readAt) < freshFor) return this.#facts;
    this.#readAt = now;
    const parts = this.#paths.flatMap((path) => this.#expand(path)).map((file) => this.#readFile(file));
    const sources = [builtinFacts(), this.#facter?.facts ?? {}, ...parts];
    // By definition and not by assignment: a fact named __proto__ is a fact.
    this.#facts = Object.freeze(Object.fromEntries(sources.flatMap(Object.entries)));
    return this.#facts;
  }

  status(): FactsStatus {
    return {
      ...(this.#readAt === undefined ? {} : { readAt: this.#readAt }),
      ...(this.#facter ? { facter: this.#facter.status() } : {}),
      faults: [...this.#faults].map(([source, reason]) => ({ source, reason })),
    };
  }

  async close(): Promise<void> {
    await this.#facter?.close();
  }

  #expand(path: string): string[] {
    try {
      const isFolder = statSync(path).isDirectory();
      checkTrusted(path, 'facts.paths');
      const files = isFolder ? readdirSync(path).filter(isFactFile).sort() : [];
      this.#faults.delete(path);
      return isFolder ? files.map((name) => join(path, name)) : [path];
    } catch (error) {
      // What is not there yet, or not there any more, is nothing to complain of.
      if (isErrno(error, 'ENOENT')) return [];
      this.#fault(path, error, 'cannot read facts: the last known ones of this folder stay in use');
      return [...this.#files.keys()].filter((file) => file === path || file.startsWith(`${path}/`));
    }
  }

  #readFile(file: string): Facts {
    const known = this.#files.get(file);
    try {
      const { mtimeMs, size, ino } = statSync(file);
      checkTrusted(file, 'facts.paths');
      const stamp = `${mtimeMs} ${size} ${ino}`;
      if (known?.stamp === stamp) return known.facts;
      const facts = readFacts(file, size);
      this.#files.set(file, { stamp, facts });
      this.#faults.delete(file);
      return facts;
    } catch (error) {
      this.#fault(file, error, 'cannot read facts: the last known ones of this file stay in use');
      return known?.facts ?? {};
    }
  }

  // Once for each reason: a file that stays damaged is looked at every ten seconds.
  #fault(source: string, error: unknown, words: string): void {
    const reason = messageOf(error);
    if (this.#faults.get(source) === reason) return;
    this.#faults.set(source, reason);
    this.#log.warn({ source, reason }, words);
  }
}

/** The facts of this host, apart from facter's, once. */
export function factsOfHost({ facts }: { readonly facts: { readonly paths: readonly string[] } }): Facts {
  return new FactSource(facts.paths, silentLogger).read();
}

/** The first address of this host that is an IPv4 address and not of the loopback. */
export function hostAddress(): string | undefined {
  const addresses = Object.values(networkInterfaces()).flat();
  return addresses.find((address) => address && !address.internal && address.family === 'IPv4')?.address;
}

/** What Node itself knows of the host. */
export function builtinFacts(): Facts {
  const ip = hostAddress();
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
