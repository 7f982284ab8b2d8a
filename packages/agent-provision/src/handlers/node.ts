import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { type AssumedSettings, Puppet, type PuppetSystem } from '@troupe/agent-puppetd/puppet';
import { ActionError, type Context, type Handler, type Host, Status, TroupeError } from '@troupe/core';
import { readRegularFileSync } from '@troupe/core/regular-file';
import { KeyMaker } from '../certificate/key-maker.js';
import { type Clock, systemClock } from '../clock.js';
import type { ProvisionConfig } from '../config.js';
import { ProvisionError } from '../provision-error.js';
import { PuppetStages } from '../puppet/puppet-stage.js';
import { type Claim, Lease } from '../record/lease.js';
import { checkFree } from '../record/quarantine.js';
import { ProvisionRecord } from '../record/record.js';

/** What the handlers work with. */
export interface Node {
  readonly config: ProvisionConfig;
  readonly host: Host;
  readonly clock: Clock;
  readonly record: ProvisionRecord;
  readonly lease: Lease;
  readonly puppet: Puppet;
  readonly stages: PuppetStages;
  readonly keys: KeyMaker;
  /** The settings with which the certificate was requested since the start; maybe before Puppet confirmed them. */
  requestedWith?: AssumedSettings;
  /** The name that Puppet uses for this host, as far as that is known by now: nothing waits for Puppet. */
  certname?: string;
}

/** Opens what this node remembers of its provisioning. */
export async function openNode(
  config: ProvisionConfig,
  host: Host,
  { clock = systemClock, system }: { clock?: Clock; system?: PuppetSystem | undefined } = {},
): Promise<Node> {
  const record = await ProvisionRecord.open(join(host.stateDir, 'record.json'), host.log, clock.now);
  const puppet = new Puppet(config.puppet, host.stateDir, system);
  return {
    config,
    host,
    clock,
    record,
    lease: new Lease(record, clock),
    puppet,
    stages: new PuppetStages({ puppet, record, clock }),
    keys: new KeyMaker(config),
  };
}

export function isDisabled({ config }: Pick<Node, 'config'>): boolean {
  return existsSync(config.disable_file);
}

/** The text of the disable file; `isEnd`: a provisioner disables this host at the end of its work. */
export function disableNote({ time, by, isEnd }: { time: string; by: string; isEnd: boolean }): string {
  return `${JSON.stringify({ disabled: time, by, ...(isEnd ? { end: true } : {}) })}\n`;
}

/**
 * Whether a provisioner disabled this host at the end of its work and was interrupted before it recorded the end: another
 * one has to finish that.
 */
export function isEndInterrupted({ config, record }: Pick<Node, 'config' | 'record'>): boolean {
  const { step, done, quarantine } = record.state;
  if (step === null || done !== null || quarantine !== null) return false;
  try {
    const note: unknown = JSON.parse(readRegularFileSync(config.disable_file).toString('utf8'));
    return typeof note === 'object' && note !== null && 'end' in note && note.end === true;
  } catch {
    return false; // A person made it, and it stays as it is.
  }
}

/** Throws unless whoever calls may change this host now. */
export function checkMayChange(node: Node, claim: Claim): void {
  node.lease.check(claim);
  // Who has a lease of a node in quarantine has it to tell people, and for nothing else.
  if (claim.token !== undefined) checkFree(node.record.state);
  if (!isDisabled(node)) return;
  throw new ProvisionError(`provisioning is disabled on this host: ${node.config.disable_file} exists`);
}

export function claimOf(input: { readonly token?: number }, context: Context): Claim {
  return { caller: context.caller, token: input.token };
}

/** Who the history says it was: the owner of the lease, or the caller when it called by hand. */
export function actorOf({ lease }: Node, context: Context): string {
  return lease.holder?.owner ?? context.caller;
}

type AnyHandlers = Readonly<Record<string, Handler<never, unknown>>>;

/** The same handlers, whose failures of a known kind reach the caller with their message. */
export function reportFailures<H extends AnyHandlers>(handlers: H): H {
  const entries = Object.entries(handlers).map(([action, handler]) => {
    const call: Handler<never, unknown> = async (input, context) => {
      try {
        return await handler(input, context);
      } catch (cause) {
        if (!(cause instanceof ProvisionError || cause instanceof TroupeError)) throw cause;
        const data = cause instanceof ProvisionError ? cause.data : {};
        throw new ActionError(cause.message, Status.aborted, { cause, data });
      }
    };
    return [action, call];
  });
  return Object.fromEntries(entries) as H;
}
