import { existsSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { UsageError } from '../../failure.js';

/** A CA that signs requests for one name. */
export interface OpenCa {
  sign(csr: string): Promise<{ readonly certificate: string; readonly ca: string }>;
}

/**
 * The built-in CA in a folder, for a user who may read its key: what the agent puppetca refuses to remote callers, a
 * caller's certificate, it signs here. Throws a UsageError, and CaError where the CA refuses.
 */
export async function openCa(
  cadir: string,
  name: string,
  { makeCa }: { readonly makeCa?: true },
): Promise<OpenCa> {
  const isThere = existsSync(join(cadir, 'ca_crt.pem'));
  if (!isThere && !makeCa) throw new UsageError(`--cadir: no CA in ${cadir}; use --make-ca to create one`);
  if (isThere && makeCa) throw new UsageError(`--make-ca: ${cadir} already has a CA`);
  const { BuiltinCa } = await import('@troupe/agent-puppetca/ca');
  const ca = await BuiltinCa.open({ cadir, certname: hostname().toLowerCase() });
  const { state } = await ca.status(name);
  if (state === 'signed' || state === 'revoked')
    throw new UsageError(`the CA in ${cadir} already has a ${state} certificate for ${name}`);
  return {
    sign: async (csr) => {
      if ((await ca.status(name)).state !== 'requested') await ca.submit(name, csr);
      else if ((await ca.request(name))?.trim() !== csr.trim())
        throw new UsageError(
          `the CA in ${cadir} already has a different request for ${name}; to reject it: mco rpc puppetca reject certname=${name}`,
        );
      await ca.sign(name);
      return { certificate: (await ca.certificate(name)) ?? '', ca: (await ca.caCertificate()).toString() };
    },
  };
}
