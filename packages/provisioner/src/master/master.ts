import type { Facts } from '@troupe/core';

/** A Puppet server that could be chosen. */
export interface Master {
  readonly identity: string;
  /** Its values of the criteria. */
  readonly facts: Facts;
  /** Where nodes reach it. */
  readonly address: string;
  readonly port: number;
  readonly certname: string;
  /** SHA-256 of the CA's certificate file, hexadecimal. Masters that share a CA have the same. */
  readonly caFingerprint: string;
  /** The name of the CA, as it is in the certificates that it makes. */
  readonly caSubject: string | null;
}
