import type { PuppetCode } from './environments.js';

/** Where nodes look for their server. */
export const defaultPort = 8140;

export interface PuppetServerOptions {
  /** What people call it. */
  name: string;
  /** A folder of its own, new or with the CA of an earlier start; where root starts the server, every user must be able to reach it. */
  folder: string;
  /** The address it listens on. Two servers share a port only on two addresses. */
  address: string;
  /** 8140 unless told: nodes cannot be told another one with a line in /etc/hosts. */
  port?: number;
  certname: string;
  /** Names in its certificate beside its own; `puppet` unless told. */
  dnsAltNames?: readonly string[];
  code: PuppetCode;
  /** Bits of all RSA keys that it makes: 2048 unless told, for speed; Puppet's own default is 4096. */
  keyLength?: number;
  /** Versions of TLS that it speaks, as Java names them: TLSv1.2 unless told, as Ruby's client stalls with TLSv1.3. */
  tlsVersions?: readonly string[];
  /** Words put before the command that starts the JVM, such as the `networkPrefix` of a host. */
  exec?: readonly string[];
  /** What `aotJar()` returned, or its promise: configuration and CA are made while it compiles. */
  aotJar?: string | undefined | Promise<string | undefined>;
  /** Seconds to become ready; 300 unless told. */
  timeoutSeconds?: number;
  signal?: AbortSignal;
}
