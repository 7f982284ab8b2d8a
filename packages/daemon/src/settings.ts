import { hostname } from 'node:os';
import {
  checkTokenName,
  compilePattern,
  isIdentity,
  loadOwn,
  type TokenClaims,
  TroupeError,
} from '@troupe/core';
import { certificateNameFault, loadEnrolment } from '@troupe/core/internal';
import type { DaemonConfig } from './config.js';
import type { Attempts } from './start-faults.js';

/** What a daemon goes by: its configuration, with what its certificate or its enrolment token says. */
export interface Settings {
  readonly identity: string;
  readonly collectives: readonly string[];
  readonly mainCollective: string;
  readonly broker: DaemonConfig['broker'];
  readonly escape: boolean;
  /** The names of those who may call; nothing where nobody proves a name. */
  readonly callers: RegExp | undefined;
  readonly claims: TokenClaims | undefined;
}

/** The settings of a configuration, as far as they are sound: what is not is in the attempts. */
export function settingsOf(config: DaemonConfig, attempts: Attempts): Settings | undefined {
  const { mode } = config.security;
  const claims =
    mode === 'token'
      ? attempts.try(() => loadEnrolment(config.security, config.state_dir).claims)
      : undefined;
  // Whether the rest is sound depends on the token.
  if (mode === 'token' && !claims) {
    if (config.identity !== undefined) attempts.try(() => checkIdentity(`${config.identity}`, config));
    return undefined;
  }
  const identity = attempts.try(() => identityOf(config, claims));
  const collectives = claims ? [claims.collective] : config.collectives;
  const mainCollective = claims?.collective ?? config.main_collective ?? collectives[0] ?? 'mcollective';
  attempts.try(() => checkMainCollective(mainCollective, collectives));
  const callers =
    mode === 'none'
      ? undefined
      : attempts.try(() => compilePattern(claims?.callers ?? config.security.callers.match, 'callers'));
  if (identity === undefined) return undefined;
  const urls = config.broker.urls.length > 0 || !claims ? config.broker.urls : claims.brokers;
  return {
    identity,
    collectives,
    mainCollective,
    broker: { ...config.broker, urls },
    escape: claims?.escape ?? config.topics.escape,
    claims,
    callers,
  };
}

function identityOf(config: DaemonConfig, claims: TokenClaims | undefined): string {
  const { mode } = config.security;
  const identity =
    config.identity ?? (mode === 'x509' ? loadOwn(config.security).name : hostname().toLowerCase());
  checkIdentity(identity, config);
  if (claims) checkTokenName(claims, identity);
  return identity;
}

function checkIdentity(identity: string, config: DaemonConfig): void {
  if (!isIdentity(identity)) throw new TroupeError('IDENTITY_INVALID', identityFault(identity, config));
}

function identityFault(identity: string, { identity: configured, security }: DaemonConfig): string {
  const fromCertificate = security.mode === 'x509' ? nameFaultOf(security) : undefined;
  if (fromCertificate !== undefined) return fromCertificate;
  const rule = 'use a-z, 0-9, ".", "_" and "-", with a letter or digit at both ends';
  return configured === undefined
    ? `the host name "${identity}" is not a valid identity: set identity in the configuration (${rule})`
    : `identity: "${identity}" is not a valid identity: ${rule}`;
}

function nameFaultOf(security: DaemonConfig['security']): string | undefined {
  try {
    return certificateNameFault(loadOwn(security).name);
  } catch {
    // That it cannot be used is a fault of its own.
    return undefined;
  }
}

function checkMainCollective(main: string, collectives: readonly string[]): void {
  if (!collectives.includes(main)) {
    throw new TroupeError(
      'CONFIG_INVALID',
      `main_collective "${main}" is not in collectives (${collectives.join(', ')})`,
    );
  }
}
