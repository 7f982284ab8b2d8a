import { generateEcKeyPair, generateKeyPair, type KeyPair } from '@troupe/core/pki';
import type { ProvisionConfig } from '../config.js';

type KeyConfig = Pick<ProvisionConfig, 'key_type' | 'key_bits'>;

/** Makes keys for the host, one of them ahead of its use: a large one takes a second or more, and others wait meanwhile. */
export class KeyMaker {
  readonly #config: KeyConfig;
  #ahead: Promise<KeyPair> | undefined;

  constructor(config: KeyConfig) {
    this.#config = config;
  }

  /** In words, such as `RSA 4096`. */
  get kind(): string {
    return this.#config.key_type === 'ec' ? 'elliptic curve' : `RSA ${this.#config.key_bits}`;
  }

  /** Begins to make the next key, which is kept in memory only. */
  prepare(): void {
    if (this.#ahead !== undefined) return;
    this.#ahead = this.#make();
    // Whoever takes it hears of it.
    this.#ahead.catch(() => {});
  }

  /** A key that nobody else gets. */
  take(): Promise<KeyPair> {
    const key = this.#ahead ?? this.#make();
    this.#ahead = undefined;
    return key;
  }

  #make(): Promise<KeyPair> {
    const { key_type: type, key_bits: bits } = this.#config;
    return type === 'ec' ? generateEcKeyPair() : generateKeyPair(bits);
  }
}
