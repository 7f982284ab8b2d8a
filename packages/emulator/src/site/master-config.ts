import { join } from 'node:path';
import { writePolicies } from '@troupe/testkit';

/** A Puppet server of a site: a daemon with the agent puppetca over the built-in CA. */
export interface MasterPlan {
  readonly name: string;
  readonly folder: string;
  readonly cadir: string;
  readonly address: string;
  /** The fact by which nodes choose it. */
  readonly region: string;
  readonly certificate: string;
  readonly key: string;
}

/** The configuration of `mcod` on a master. */
export function masterConfig(
  plan: MasterPlan,
  site: {
    readonly brokerUrl: string;
    readonly siteCa: string;
    readonly caPort: number;
    readonly operator: string;
  },
): Readonly<Record<string, unknown>> {
  const { name, folder, cadir, address, certificate, key } = plan;
  return {
    identity: name,
    broker: { urls: [site.brokerUrl] },
    security: { ca: site.siteCa, certificate, key },
    agents: ['@troupe/agent-puppetca'],
    plugins: {
      puppetca: {
        backend: 'builtin',
        cadir,
        certname: name,
        alt_names: ['puppet'],
        max_requests: 100_000,
        address,
        port: site.caPort,
        listen: { address, port: site.caPort },
      },
    },
    facts: { paths: [join(folder, 'facts.json')] },
    state_dir: join(folder, 'state'),
    authorization: { policies: writePolicies(folder, [site.operator]) },
    audit: { file: join(folder, 'audit.jsonl') },
  };
}
