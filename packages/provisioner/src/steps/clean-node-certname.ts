import { failureOf } from '../rpc/failure.js';
import { certnameOf, checkName, checkReplacement, heldCertificates } from './ca.js';
import { goodCertificate } from './good-certificate.js';
import type { Step } from './step.js';

/** Removes what the CAs of all masters hold under the node's name, unless the name belongs to another host. */
export const cleanNodeCertname: Step = {
  name: 'clean_node_certname',
  needsMaster: true,
  timeoutSeconds: 60,
  leaveOut: goodCertificate,
  run: async (context) => {
    const { session, masters, master, peers, signal } = context;
    const certname = await certnameOf(context);
    const [available] = await Promise.all([masters.list(), checkName(context, certname)]);
    const all = [...new Set([...available.map(({ identity }) => identity), master.identity])];
    const { replied, holders, failures } = await heldCertificates(context, certname, all);
    const permission = holders.size > 0 ? checkReplacement(context, certname) : undefined;
    await session.lease?.confirm();
    if (permission?.replaces) context.replacement.revokeReceipt(certname);
    const options = { targets: replied, collective: peers.main, signal };
    const cleaning = peers.puppetca.clean({ certname }, options);
    session.caRequest = cleaning.id;
    const results = await cleaning.all();
    signal.throwIfAborted();
    const words = failures.map((failure) => `not cleaned: ${failure}`);
    for (const result of results) {
      const failure = failureOf(result, 'puppetca clean');
      // The CA that will sign must be clean; what another one keeps does this node no harm.
      if (failure && result.sender === master.identity) throw failure;
      if (failure) words.push(`not cleaned: ${failure.message}`);
      else if (result.data.deleted || result.data.revoked)
        words.push(`${result.sender}: ${result.data.out ?? 'cleaned'}`);
    }
    if (permission?.replaces) {
      const { reason } = permission;
      context.replaced({ certname, masters: [...holders.keys()], reason, request: cleaning.id });
      words.push(`replaced the certificate of another host: ${reason}`);
    }
    return {
      outcome: 'ok',
      reason: words.length > 0 ? words.join('; ') : `no CA had a certificate or CSR for ${certname}`,
    };
  },
};
