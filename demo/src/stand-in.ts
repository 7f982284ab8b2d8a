import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { request } from 'node:https';
import { dirname, join } from 'node:path';
import { collectives } from './cast.js';
import { finalConfig } from './puppet-code.js';

/** What the stand-in needs to know about its host. */
export interface StandInHost {
  readonly root: string;
  readonly certname: string;
  readonly brokerUrl: string;
  readonly caFile: string;
}

/*
 * A stand-in for the command `puppet`, for machines without Puppet: answers "config print", and plays a run of
 * "agent" with what the real one does to the outside: fetches the certificate, changes files, leaves a report.
 * Usage: node stand-in.js HOST-AS-JSON (config print … | agent …)
 */
const [, , hostText = '{}', command, ...args] = process.argv;
const host = JSON.parse(hostText) as StandInHost;
const at = (path: string) => join(host.root || '/', path);
const ssl = (path: string) => at(join('/var/lib/puppet/ssl', path));

const settings: Readonly<Record<string, string>> = {
  certname: host.certname,
  server: 'puppet',
  ca_server: 'puppet',
  ca_port: '8140',
  environment: 'production',
  confdir: at('/etc/puppet'),
  config: at('/etc/puppet/puppet.conf'),
  vardir: at('/var/cache/puppet'),
  statedir: at('/var/cache/puppet/state'),
  ssldir: ssl(''),
  hostcert: ssl(`certs/${host.certname}.pem`),
  hostprivkey: ssl(`private_keys/${host.certname}.pem`),
  hostpubkey: ssl(`public_keys/${host.certname}.pem`),
  hostcsr: ssl(`certificate_requests/${host.certname}.pem`),
  localcacert: ssl('certs/ca.pem'),
  hostcrl: ssl('crl.pem'),
  ssl_lockfile: ssl('ssl.lock'),
  lastrunfile: at('/var/cache/puppet/public/last_run_summary.yaml'),
  lastrunreport: at('/var/cache/puppet/state/last_run_report.yaml'),
  agent_catalog_run_lockfile: at('/var/cache/puppet/state/agent_catalog_run.lock'),
  agent_disabled_lockfile: at('/var/cache/puppet/state/agent_disabled.lock'),
  classfile: at('/var/cache/puppet/state/classes.txt'),
  resourcefile: at('/var/cache/puppet/state/resources.txt'),
  pidfile: at('/run/puppet/agent.pid'),
};

function write(path: string, text: string): void {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
}

function readIfThere(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

function serverAddress(): string {
  const line = readFileSync(at('/etc/hosts'), 'utf8')
    .split('\n')
    .find((words) => words.split(/\s+/).slice(1).includes('puppet'));
  const [address] = line?.trim().split(/\s+/) ?? [];
  if (!address) throw new Error('getaddrinfo: Name or service not known: puppet');
  return address;
}

async function fetchCertificate(): Promise<string> {
  const options = {
    host: serverAddress(),
    port: 8140,
    servername: 'puppet',
    ca: readFileSync(settings.localcacert ?? '', 'utf8'),
  };
  return new Promise((resolve, reject) => {
    const asked = request({ ...options, path: `/puppet-ca/v1/certificate/${host.certname}` }, (answer) => {
      let text = '';
      answer.on('data', (chunk) => {
        text += chunk;
      });
      answer.on('end', () => {
        if (answer.statusCode === 200) resolve(text);
        else
          reject(
            new Error(
              `Couldn't fetch certificate from CA server; you might still need to sign this agent's certificate (${host.certname}).`,
            ),
          );
      });
    });
    asked.on('error', reject);
    asked.end();
  });
}

const siteFacts = at('/etc/facter/facts.d/site.json');

function apply(environment: string): string[] {
  if (environment === 'bootstrap') {
    write(siteFacts, JSON.stringify({ site_role: 'webserver' }));
    return [`/Stage[main]/Main/File[${siteFacts}]/ensure: created`];
  }
  const facts = readIfThere(siteFacts);
  if (facts === undefined)
    throw new Error('the fact site_role is missing: the environment bootstrap was not applied');
  const { site_role: role } = JSON.parse(facts) as { site_role: string };
  const { certname, brokerUrl: broker, root } = host;
  write(at('/etc/motd'), `${certname} is a ${role}, managed by a stand-in for Puppet\n`);
  write(at('/etc/troupe/ca.pem'), readFileSync(host.caFile, 'utf8'));
  write(
    at('/etc/troupe/mcod.yaml'),
    finalConfig({ root, ssl: ssl('').replace(/\/$/, ''), broker, certname }),
  );
  return ['/etc/motd', '/etc/troupe/ca.pem', '/etc/troupe/mcod.yaml'].map(
    (path) => `/Stage[main]/Site/File[${at(path)}]/content: changed`,
  );
}

function report(status: string, environment: string, jobId: string | undefined): void {
  const isComplete = status !== 'failed';
  const head = [
    '---',
    `host: ${host.certname}`,
    `time: '${startedAt}'`,
    'configuration_version: 1',
    'report_format: 12',
    `status: ${status}`,
  ];
  const tail = [
    `transaction_completed: ${isComplete}`,
    'noop: false',
    'noop_pending: false',
    `environment: ${environment}`,
    'logs: []',
    'metrics: {}',
  ];
  const ids = [...(jobId === undefined ? [] : [`job_id: ${jobId}`]), 'cached_catalog_status: not_used'];
  write(settings.lastrunreport ?? '', `${[...head, ...tail, ...ids].join('\n')}\n`);
  const counts = { changed: status === 'changed' ? 3 : 0, failed: isComplete ? 0 : 1, total: 3 };
  const summary = {
    version: { config: 1 },
    resources: counts,
    time: { total: 0, last_run: Math.floor(Date.now() / 1000) },
  };
  write(settings.lastrunfile ?? '', JSON.stringify(summary));
}

const argumentOf = (option: string) => {
  const index = args.indexOf(option);
  return index < 0 ? undefined : args[index + 1];
};
const startedAt = new Date().toISOString();

async function run(): Promise<number> {
  const environment = argumentOf('--environment') ?? 'production';
  try {
    if (readIfThere(settings.hostcert ?? '') === undefined)
      write(settings.hostcert ?? '', await fetchCertificate());
    console.log(
      `Info: Applying configuration version '1' of the environment ${environment} (a stand-in, not Puppet)`,
    );
    for (const change of apply(environment)) console.log(`Notice: ${change}`);
    console.log('Notice: Applied catalog in 0.00 seconds');
    report('changed', environment, argumentOf('--job-id'));
    return 2;
  } catch (error) {
    console.log(`Error: ${error instanceof Error ? error.message : error}`);
    report('failed', environment, argumentOf('--job-id'));
    return 1;
  }
}

if (command === 'config') {
  for (const name of args.filter((word) => word in settings)) console.log(`${name} = ${settings[name]}`);
} else if (command === 'agent') {
  process.exitCode = await run();
} else {
  console.error(
    `Error: this stand-in for Puppet in the collective ${collectives.main} does not support the command ${command}`,
  );
  process.exitCode = 1;
}
