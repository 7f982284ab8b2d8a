import type { KeyObject } from 'node:crypto';

/** Somebody's certificate and key, as a signer of anything. */
export interface Person {
  readonly name: string;
  readonly key: KeyObject;
  readonly x5c: readonly string[];
  readonly pem: { readonly cert: string; readonly key: string };
}
