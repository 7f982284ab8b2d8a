import { ActionError, defineAgent, Status, TroupeError } from '@troupe/core';
import ddl from '@troupe/ddl/puppetca.json' with { type: 'json' };
import type { CertificateStatus } from './ca/ca.js';
import { CaError } from './ca/error.js';
import { openCa } from './ca/open-ca.js';
import { pageOf } from './certificate-page.js';
import { readPuppetcaConfig } from './config.js';

const words: Readonly<Record<CertificateStatus['state'], string>> = {
  requested: 'awaiting signature',
  signed: 'signed',
  revoked: 'revoked',
  missing: 'not found',
};

/** Lists, signs, revokes and cleans the certificates of a Puppet CA. Without a section `puppetca` it is not started. */
export default defineAgent(ddl, async (config, host) => {
  if (Object.keys(config).length === 0) return;
  const open = await openCa(readPuppetcaConfig(config), host);
  host.onClose(() => open.close());
  const { ca } = open;
  host.provideData('puppetca', async (certname = '') => {
    const { state, not_after } = await ca.status(certname);
    return { status: state === 'requested' ? 'waiting' : state, expires: not_after };
  });
  return {
    info: (_, { signal }) => withReadableErrors(async () => ({ ...(await ca.info(signal)) })),

    list: ({ state, match, limit, after }, { signal, statusmsg }) =>
      withReadableErrors(async () => {
        if (limit !== undefined && limit < 1)
          throw new ActionError('limit must be at least 1', Status.invalidData);
        const all = await ca.list(state, signal);
        const { certificates, total, next } = pageOf(all, { match, limit, after });
        if (next !== null)
          statusmsg(
            `${certificates.length} of ${total}: continue with after=${next}, or narrow the list with match or state`,
          );
        const namesIn = (wanted: string) =>
          certificates.filter((one) => one.state === wanted).map(({ certname }) => certname);
        return {
          requests: namesIn('requested'),
          signed: namesIn('signed'),
          revoked: namesIn('revoked'),
          certificates: [...certificates],
          total,
          next,
        };
      }),

    status: ({ certname }, { signal }) =>
      withReadableErrors(async () => {
        const status = await ca.status(certname, signal);
        return { msg: words[status.state], ...status };
      }),

    request: ({ certname }, { signal }) =>
      withReadableErrors(async () => ({ ...(await ca.request(certname, signal)) })),

    sign: ({ certname, fingerprint }, { signal, log }) =>
      withReadableErrors(async () => {
        const signature = await ca.sign(certname, fingerprint, signal);
        log.info({ certname, ...signature }, 'certificate signed');
        return { out: `Signed ${certname}, serial number ${signature.serial}`, ...signature };
      }),

    reject: ({ certname, fingerprint: expected }, { signal, log }) =>
      withReadableErrors(async () => {
        const { fingerprint } = await ca.reject(certname, expected, signal);
        log.info({ certname, fingerprint }, 'certificate request rejected');
        return { out: `Rejected the certificate request of ${certname}`, fingerprint };
      }),

    revoke: ({ certname }, { signal, log }) =>
      withReadableErrors(async () => {
        const { revoked } = await ca.revoke(certname, signal);
        log.info({ certname, revoked }, 'certificate revoked');
        return {
          out: revoked
            ? `Revoked the certificate of ${certname}`
            : `The certificate of ${certname} was already revoked`,
          revoked,
        };
      }),

    clean: ({ certname, fingerprint }, { signal, log }) =>
      withReadableErrors(async () => {
        const { revoked, deleted } = await ca.clean(certname, fingerprint, signal);
        log.info({ certname, revoked, deleted }, 'certificate cleaned');
        const done = [...(revoked ? ['revoked'] : []), ...(deleted ? ['deleted'] : [])].join(' and ');
        return {
          out:
            done === ''
              ? `Nothing to clean: the CA has no certificate or request of ${certname}`
              : `Cleaned ${certname}: ${done}`,
          revoked,
          deleted,
        };
      }),
  };
});

/** Passes on to the caller what the CA refused, and why it failed. */
async function withReadableErrors<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (cause) {
    if (cause instanceof CaError) {
      const status = cause.code === 'CERTNAME_INVALID' ? Status.invalidData : Status.aborted;
      throw new ActionError(cause.message, status, { cause });
    }
    if (cause instanceof TroupeError) throw new ActionError(cause.message, Status.aborted, { cause });
    throw cause;
  }
}
