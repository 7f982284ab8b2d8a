import type { TestPki } from '../network/network-pki.js';

/** A real broker in processes of its own: TLS with client certificates, and the permissions that `brokerConfig` makes. */
export interface TestBroker extends AsyncDisposable {
  /** Where nodes connect: the servers in order, where there are more than one. */
  readonly nodeUrls: readonly string[];
  readonly callerUrls: readonly string[];
  /** Where machines connect that have only an enrolment token, if `newcomers` was given. */
  readonly newcomerUrls: readonly string[];
  /** Whether the whole network must write dots as `%2E` in topics. */
  readonly escape: boolean;
  /** The process of each server that runs. */
  readonly pids: readonly number[];
  /** What its servers printed. */
  readonly output: string;
  /** Ends a server, or all of them, at once, as a crash would. */
  kill(server?: number): Promise<void>;
  /** Starts those that were killed again, on the same addresses and with the data that they had. */
  restart(): Promise<void>;
  stop(): Promise<void>;
}

export interface TestBrokerOptions {
  readonly pki: TestPki;
  /** An existing folder; what the broker writes goes to a new one there. */
  readonly folder: string;
  readonly callers: readonly string[];
  /** Identities. */
  readonly nodes: readonly string[];
  readonly collectives?: readonly string[];
  /** The account of machines that have only an enrolment token. The embedded broker checks tokens and needs none. */
  readonly newcomers?: { readonly account: string; readonly ca: string; readonly connections?: number };
  /** Whether the broker reads the PKI's revocation list, as far as it can. */
  readonly crl?: boolean;
}

/** One of the brokers that Troupe runs on. */
export interface TestBrokerKind {
  readonly name: string;
  /** Why it cannot run here, if it cannot. */
  missing(): string | undefined;
  start(options: TestBrokerOptions): Promise<TestBroker>;
}
