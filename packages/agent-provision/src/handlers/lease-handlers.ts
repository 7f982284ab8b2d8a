import { type Handlers, readReceipt } from '@troupe/core';
import type ddl from '@troupe/ddl/provision.json';
import { ProvisionError } from '../provision-error.js';
import type { Grant } from '../record/lease.js';
import { checkFree } from '../record/quarantine.js';
import { claimOf, type Node } from './node.js';

type Actions = 'lock_deploy' | 'renew' | 'unlock_deploy' | 'is_locked' | 'accept_receipt';

/** Who works on this node. */
export function leaseHandlers(node: Node): Pick<Handlers<typeof ddl>, Actions> {
  const { lease, record, keys, host } = node;
  return {
    lock_deploy: async ({ owner, seconds, notify }, { caller, log }) => {
      checkFree(record.state, notify);
      const grant = await lease.acquire(owner ?? caller, seconds);
      log.info({ owner: grant.owner, until: grant.expires }, 'lease granted');
      // The final configuration need not name this agent, and may come before everything is done.
      host.stay?.(true);
      // A provisioner works on it now and will request a certificate: the key takes longest.
      if (record.state.csr === null) keys.prepare();
      return { lockfile: record.file, ...outputOf(grant) };
    },
    renew: async (input, context) => outputOf(await lease.renew(claimOf(input, context), input.seconds)),
    unlock_deploy: async (input, context) => {
      await lease.release(claimOf(input, context));
      return { unlocked: lease.holder === undefined };
    },
    accept_receipt: async (input, context) => {
      lease.check(claimOf(input, context));
      if (!host.acceptReceipt)
        throw new ProvisionError('this host has no enrolment token, so it needs no receipt');
      await host.acceptReceipt(input.receipt);
      const { serial, exp } = readReceipt(input.receipt);
      context.log.info({ serial, ends: new Date(exp * 1000).toISOString() }, 'receipt of the enrolment kept');
      return { serial };
    },
    is_locked: () => {
      const { holder } = lease;
      return {
        locked: holder !== undefined,
        owner: holder?.owner ?? null,
        expires: holder?.expires ?? null,
      };
    },
  };
}

function outputOf({ owner, token, expires, seconds }: Grant) {
  return { owner, token, expires, seconds };
}
