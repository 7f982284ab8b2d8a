import { join } from 'node:path';
import type { PuppetSettings } from '@troupe/agent-puppetd/puppet';

/** Where the files of one emulated host are: a folder that stands for its disk. */
export interface HostPaths {
  readonly root: string;
  /** The daemon's configuration: at first that of the image, later the one that Puppet installs. */
  readonly config: string;
  /** Its copy of the enrolment token. */
  readonly token: string;
  readonly facts: string;
  readonly stateDir: string;
  readonly hostsFile: string;
  /** What bootstrap leaves behind for production. */
  readonly siteFact: string;
  /** A line for each thing that Puppet did here: what a judge believes. */
  readonly puppetRuns: string;
  /** A line for each CSR that this host reported. */
  readonly reportedCsrs: string;
  readonly audit: string;
  readonly puppet: PuppetSettings;
}

/** The layout of a host's disk. */
export function hostPaths(root: string, certname: string): HostPaths {
  const at = (...parts: string[]) => join(root, ...parts);
  const ssl = (...parts: string[]) => at('puppet', 'ssl', ...parts);
  const state = (...parts: string[]) => at('puppet', 'state', ...parts);
  return {
    root,
    config: at('mcod.json'),
    token: at('enrolment.token'),
    facts: at('facts.json'),
    stateDir: at('state'),
    hostsFile: at('hosts'),
    siteFact: at('site.json'),
    puppetRuns: at('puppet-runs.jsonl'),
    reportedCsrs: at('reported-csrs.jsonl'),
    audit: at('audit.jsonl'),
    puppet: {
      certname,
      server: 'puppet',
      ca_server: 'puppet',
      ca_port: '8140',
      environment: 'production',
      confdir: at('puppet'),
      config: at('puppet', 'puppet.conf'),
      vardir: at('puppet'),
      statedir: state(),
      ssldir: ssl(),
      hostcert: ssl('certs', `${certname}.pem`),
      hostprivkey: ssl('private_keys', `${certname}.pem`),
      hostpubkey: ssl('public_keys', `${certname}.pem`),
      hostcsr: ssl('certificate_requests', `${certname}.pem`),
      localcacert: ssl('certs', 'ca.pem'),
      hostcrl: ssl('crl.pem'),
      ssl_lockfile: ssl('ssl.lock'),
      lastrunfile: state('last_run_summary.yaml'),
      lastrunreport: state('last_run_report.yaml'),
      agent_catalog_run_lockfile: state('agent_catalog_run.lock'),
      agent_disabled_lockfile: state('agent_disabled.lock'),
      classfile: state('classes.txt'),
      resourcefile: state('resources.txt'),
      pidfile: at('puppet', 'agent.pid'),
    },
  };
}
