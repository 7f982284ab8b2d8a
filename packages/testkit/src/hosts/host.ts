import type { RunningProcess } from '../processes/process.js';

export interface CommandOptions {
  /** Added to the host's own environment, which has nothing of this process but PATH. */
  env?: Readonly<Record<string, string>>;
  /** A folder of the host, by the name it has there. */
  cwd?: string;
}

export interface ExecOptions extends CommandOptions {
  /** Text for its standard input, which is empty unless told. */
  input?: string;
  /** Whether an exit code other than 0 is an error; true unless told. To be killed always is one. */
  reject?: boolean;
  timeoutSeconds?: number;
  signal?: AbortSignal;
}

/** What a command on a host did. */
export interface CommandResult {
  exitCode: number;
  stdout: string;
  stderr: string;
}

/** A simulated host: as much of a machine of its own as this machine allows. */
export interface Host extends AsyncDisposable {
  readonly identity: string;
  /** Where it is reached over IP. */
  readonly address: string;
  /** Words that, put before a command, run it on the host, in the environment of whoever runs them. */
  readonly prefix: readonly string[];
  /** Runs a command to its end. */
  exec(command: string, args?: readonly string[], options?: ExecOptions): Promise<CommandResult>;
  /** Starts a command that runs until it is stopped or the host is closed. */
  spawn(command: string, args?: readonly string[], options?: CommandOptions): RunningProcess;
  /** Where a process of this machine, such as the test, finds a file of the host, named from the host's root. */
  file(path: string): string;
  /** Where a process on the host finds that file. */
  pathOnHost(path: string): string;
  /** Switches it off: all that runs on it is killed, and all that it had is gone. */
  close(): Promise<void>;
}

/** What is said of every host, whatever it is made of. */
export interface HostOptions {
  /** The host's full name, which is its certname too. */
  identity: string;
  /**
   * Facts that Facter shall find on it, beside its own. One more, `troupe_root`, is what Puppet code puts before the
   * paths of files, so that the same code serves hosts that are folders.
   */
  facts?: Readonly<Record<string, string>>;
  /** Bits of its RSA keys that Puppet makes; 2048 unless told, for speed. */
  keyLength?: number;
}
