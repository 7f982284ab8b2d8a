import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Facts } from '@troupe/core';
import type { KeyPair } from '@troupe/core/pki';
import { type DaemonConfig, parseDaemonConfig } from '@troupe/daemon';
import type { TestPki } from '../network/network-pki.js';
import { writePolicies } from '../network/policy.js';
import { type KeyType, makeKeyPair } from './key-pair.js';

/** How emulated nodes prove who they are. Whether they speak TLS to the broker is said by its URL. */
export type FleetSecurity =
  | { readonly mode: 'none' }
  | {
      readonly mode: 'x509';
      readonly pki: TestPki;
      /** Of what kind the nodes' keys are; `rsa` as Puppet's unless told. */
      readonly keyType?: KeyType;
      /** Whether all nodes sign with the same key under certificates of their own, which saves making keys; true unless told. */
      readonly sharedKey?: boolean;
      /** The callers that may call everything, as a policy names them; all callers by default. */
      readonly callers?: readonly string[];
    };

export interface NodeConfigOptions {
  readonly folder: string;
  /** How many share one process. */
  readonly instances: number;
  readonly urls: readonly string[];
  readonly security: FleetSecurity;
  readonly collectives: readonly string[];
  readonly escape: boolean;
  readonly plugins: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
}

/** What one node differs in. */
export interface NodeParts {
  readonly identity: string;
  readonly urls?: readonly string[];
  readonly facts?: Facts;
  readonly classes?: readonly string[];
}

/**
 * Seconds between two signs of life of a node, of which so many share one process: when all of them have something to do,
 * some wait for longer than a broker has patience with one that is alone.
 */
export function keepaliveOf(instances: number): number {
  return Math.max(30, Math.min(3600, Math.ceil(instances / 40)));
}

/** Makes the configurations of many nodes: read and checked once, and then varied. */
export class NodeConfigs {
  readonly #options: NodeConfigOptions;
  readonly #base: DaemonConfig;
  #shared: Promise<{ keys: KeyPair; file: string }> | undefined;

  constructor(options: NodeConfigOptions) {
    const { urls, security, collectives, plugins } = options;
    this.#options = options;
    this.#base = parseDaemonConfig(
      JSON.stringify({
        broker: { urls, keepalive: keepaliveOf(options.instances) },
        security: { mode: security.mode },
        collectives,
        topics: { escape: options.escape },
        plugins,
        facts: { paths: [] },
        // Without certificates a daemon needs no policy.
        ...(security.mode === 'x509' && {
          authorization: { policies: writePolicies(options.folder, security.callers ?? ['*']) },
        }),
      }),
      'the fleet',
    );
  }

  /** Writes what a node needs on disk. */
  async make({ identity, urls, facts, classes }: NodeParts): Promise<DaemonConfig> {
    const folder = join(this.#options.folder, identity);
    await mkdir(folder, { recursive: true, mode: 0o700 });
    const base = this.#base;
    const factsFile = join(folder, 'facts.json');
    const classesFile = join(folder, 'classes.txt');
    if (facts) await writeFile(factsFile, JSON.stringify(facts));
    if (classes) await writeFile(classesFile, classes.map((name) => `${name}\n`).join(''));
    return {
      ...base,
      identity,
      state_dir: folder,
      security: { ...base.security, ...(await this.#securityOf(identity)) },
      ...(urls && { broker: { ...base.broker, urls } }),
      ...(facts && { facts: { paths: [factsFile] } }),
      ...(classes && { classes_file: classesFile }),
    };
  }

  async #securityOf(identity: string): Promise<Partial<DaemonConfig['security']>> {
    const { security, folder } = this.#options;
    if (security.mode === 'none') return {};
    const { pki, keyType = 'rsa', sharedKey = true } = security;
    if (!sharedKey)
      return { ca: pki.caCertificate, ...(await pki.issue(identity, { keys: await makeKeyPair(keyType) })) };
    this.#shared ??= (async () => {
      const keys = await makeKeyPair(keyType);
      const file = join(folder, 'shared-key.pem');
      await writeFile(file, keys.privateKeyPem, { mode: 0o600 });
      return { keys, file };
    })();
    const { keys, file } = await this.#shared;
    return { ca: pki.caCertificate, certificate: await pki.certify(identity, keys.publicKeyPem), key: file };
  }
}
