import { TroupeError } from '@troupe/core';
import type { PuppetConfig } from './config.js';

/** What a run of Puppet is asked to do; what is left out stays as puppet.conf has it. */
export interface RunOptions {
  /** Names the run, here and as Puppet's `--job-id`; a run of this id that exists is attached to instead. */
  readonly id?: string;
  /** The run counts as failed if it ends in another one. */
  readonly environment?: string;
  readonly noop?: boolean;
  readonly tags?: readonly string[];
  /** `HOST` or `HOST:PORT`; an IPv6 address in brackets. */
  readonly server?: string;
  /** Wait for a random time, at most `splayLimitSeconds`, first. Default: no. */
  readonly splay?: boolean;
  readonly splayLimitSeconds?: number;
  readonly useCachedCatalog?: boolean;
  readonly ignoreSchedules?: boolean;
  /** Puppet ends itself after this time. */
  readonly runTimeoutSeconds?: number;
  /** How long to wait for another run to end. Default: do not. */
  readonly waitForLockSeconds?: number;
  /** How long to try to reach the server. Default: 30; Puppet's own is 120. */
  readonly connectTimeoutSeconds?: number;
  /**
   * Close each connection after one request. Default: where Puppet will submit its first CSR, which otherwise
   * stalls for 30 s with a server that speaks TLS 1.3 (ruby/net-http issue 233).
   */
  readonly closeConnections?: boolean;
}

const idPattern = /^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$/;
const environmentPattern = /^[a-z0-9_]{1,64}$/;
// Puppet's tags: lower-case words, joined by "::" in class names.
const tagPattern = /^[A-Za-z0-9_][A-Za-z0-9_:.-]{0,127}$/;
const serverPattern = /^(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9](?:[A-Za-z0-9.-]{0,252}[A-Za-z0-9])?)(?::(\d{1,5}))?$/;

/** Whether `text` may name a run: it becomes a folder's name and an argument. */
export function isRunId(text: string): boolean {
  return idPattern.test(text);
}

/** The arguments of one run, each value checked; throws INPUT_INVALID, naming the option. */
export function runArguments(config: PuppetConfig, id: string, options: RunOptions): string[] {
  if (!isRunId(id)) throw invalid('id', id);
  const args = ['agent', '--onetime', '--no-daemonize', '--verbose', '--color=false', '--logdest', 'console'];
  // A catalog that was kept must not hide that the server gave none.
  args.push('--detailed-exitcodes', '--no-usecacheonfailure', '--waitforcert', '0', '--job-id', id);
  if (config.confdir !== undefined) args.push('--confdir', config.confdir);
  args.push(...config.extraArgs);
  args.push('--http_connect_timeout', seconds('connectTimeoutSeconds', options.connectTimeoutSeconds ?? 30));
  if (options.environment !== undefined) {
    // Without strict mode Puppet runs production where the server does not know the environment.
    args.push('--environment', checked('environment', options.environment, environmentPattern));
    args.push('--strict_environment_mode');
  }
  if (options.noop !== undefined) args.push(options.noop ? '--noop' : '--no-noop');
  if (options.tags !== undefined && options.tags.length > 0) {
    args.push('--tags', options.tags.map((tag) => checked('tags', tag, tagPattern)).join(','));
  }
  if (options.server !== undefined) args.push(...serverArguments(options.server));
  args.push(options.splay ? '--splay' : '--no-splay');
  if (options.splay && options.splayLimitSeconds !== undefined) {
    args.push('--splaylimit', seconds('splayLimitSeconds', options.splayLimitSeconds));
  }
  if (options.useCachedCatalog !== undefined) {
    args.push(options.useCachedCatalog ? '--use_cached_catalog' : '--no-use_cached_catalog');
  }
  if (options.ignoreSchedules) args.push('--ignoreschedules');
  if (options.runTimeoutSeconds !== undefined) {
    args.push('--runtimeout', seconds('runTimeoutSeconds', options.runTimeoutSeconds));
  }
  if (options.waitForLockSeconds !== undefined && options.waitForLockSeconds > 0) {
    args.push('--waitforlock', '2');
    args.push('--maxwaitforlock', seconds('waitForLockSeconds', options.waitForLockSeconds));
  }
  if (options.closeConnections) args.push('--http_keepalive_timeout', '0');
  return args;
}

function serverArguments(server: string): string[] {
  const [, host, port] = serverPattern.exec(server) ?? [];
  if (host === undefined || Number(port ?? 1) < 1 || Number(port ?? 1) > 65535)
    throw invalid('server', server);
  const name = host.replace(/^\[|\]$/g, '');
  return port === undefined ? ['--server', name] : ['--server', name, '--serverport', port];
}

function checked(option: string, value: string, pattern: RegExp): string {
  if (!pattern.test(value)) throw invalid(option, value);
  return value;
}

function seconds(option: string, value: number): string {
  if (!Number.isFinite(value) || value < 0) throw invalid(option, String(value));
  return String(Math.ceil(value));
}

function invalid(option: string, value: string): TroupeError {
  return new TroupeError(
    'INPUT_INVALID',
    `Invalid ${option} of a Puppet run: ${JSON.stringify(value.slice(0, 80))}`,
  );
}
