import type { Handlers } from '@troupe/core';
import { replaceFile } from '@troupe/core/durable-file';
import type ddl from '@troupe/ddl/provision.json';
import { isoTime } from '../clock.js';
import { contractVersion } from '../contract-version.js';
import { ProvisionError } from '../provision-error.js';
import { quarantine, release } from '../record/quarantine.js';
import type { MasterState } from '../record/state.js';
import { isNotificationPending, noteStep, notification, started } from '../record/steps.js';
import { actorOf, claimOf, disableNote, isDisabled, type Node } from './node.js';

type Actions =
  | 'status'
  | 'record'
  | 'quarantine'
  | 'release'
  | 'disable_provisioner'
  | 'is_disabled'
  | 'restart';

/** What is remembered of the provisioning, and its end. */
export function recordHandlers(node: Node): Pick<Handlers<typeof ddl>, Actions> {
  const { record, lease, clock, config, host } = node;
  return {
    status: () => status(node),
    record: async (input, context) => {
      const { step, outcome, reason, attempt, data, run, next } = input;
      if (next !== undefined && outcome === started)
        throw new ProvisionError(
          'next is not allowed with the outcome started: the next step starts when this one has ended',
        );
      const master = data?.master === undefined ? undefined : masterOf(data.master, isoTime(clock.now()));
      const counted = await record.update((draft) => {
        lease.check(claimOf(input, context));
        if (master) draft.master = master;
        const owner = actorOf(node, context);
        const number = noteStep(draft, { step, outcome, reason, attempt, data, run, owner }, clock.now());
        if (next !== undefined) {
          noteStep(draft, { step: next, outcome: started, attempt: input.next_attempt, owner }, clock.now());
        }
        return number;
      });
      if (record.state.done !== null && !isNotificationPending(record.state)) host.stay?.(false);
      context.log.info({ step, outcome, attempt: counted, reason, next }, 'provisioning step recorded');
      return { step, attempt: counted };
    },
    quarantine: async (input, context) => {
      const since = await record.update((draft) => {
        lease.check(claimOf(input, context));
        const owner = actorOf(node, context);
        const time = quarantine(draft, input.reason, owner, clock.now());
        if (input.notify) noteStep(draft, { step: notification, outcome: started, owner }, clock.now());
        return time;
      });
      context.log.warn({ reason: input.reason }, 'node quarantined');
      return { since };
    },
    release: async (input, context) => {
      const released = await record.update((draft) => {
        // In quarantine a lease is for the notification only, and an operator need not wait for that.
        if (draft.quarantine === null) lease.check(claimOf(input, context));
        return release(draft, context.caller, input.fresh ?? false, clock.now());
      });
      return { released };
    },
    disable_provisioner: async (input, context) => {
      lease.check(claimOf(input, context));
      const note = disableNote({
        time: isoTime(clock.now()),
        by: actorOf(node, context),
        isEnd: input.token !== undefined,
      });
      await replaceFile(config.disable_file, note);
      context.log.info({ file: config.disable_file }, 'provisioning disabled on this host');
      return { disablefile: config.disable_file };
    },
    is_disabled: () => ({ disabled: isDisabled(node) }),
    restart: (input, context) => {
      lease.check(claimOf(input, context));
      host.reload();
      return { restarting: true };
    },
  };
}

async function status(node: Node) {
  const { state } = node.record;
  const holder = node.lease.holder;
  const run = state.run && { ...state.run, running: (await node.stages.running())?.id === state.run.id };
  return {
    contract: contractVersion,
    certname: node.certname ?? state.csr?.certname ?? null,
    step: state.step,
    locked: holder !== undefined,
    disabled: isDisabled(node),
    quarantined: state.quarantine !== null,
    done: state.done !== null,
    lease: holder ? { ...holder } : null,
    steps: [...state.steps],
    history: [...state.history],
    master: state.master,
    csr: state.csr,
    run,
    quarantine: state.quarantine,
    finished: state.done,
    damaged: state.damaged,
  };
}

function masterOf(value: unknown, since: string): MasterState {
  if (typeof value !== 'object' || value === null) {
    throw new ProvisionError('data.master must be a hash with address, identity and reason');
  }
  const text = (key: 'address' | 'identity' | 'reason') => {
    const found = Object.entries(value).find(([name]) => name === key)?.[1] ?? null;
    if (found !== null && typeof found !== 'string')
      throw new ProvisionError(`data.master.${key} must be a string`);
    return found;
  };
  return { address: text('address'), identity: text('identity'), reason: text('reason'), since };
}
