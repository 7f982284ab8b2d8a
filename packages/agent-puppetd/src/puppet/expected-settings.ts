import { join } from 'node:path';
import type { PuppetConfig } from './config.js';
import { readIfPresent } from './file.js';
import type { PuppetSettings } from './setting-names.js';

/** The file of an installed Puppet that has its folders, by the path of its executable. */
const runModes: Readonly<Record<string, string>> = {
  '/usr/bin/puppet': '/usr/lib/ruby/vendor_ruby/puppet/util/run_mode.rb',
  '/opt/puppetlabs/bin/puppet': '/opt/puppetlabs/puppet/lib/ruby/vendor_ruby/puppet/util/run_mode.rb',
};

/** Settings that others are made of, and are not asked for. */
const bases = ['certdir', 'privatekeydir', 'publicdir', 'publickeydir', 'requestdir', 'rundir'];

/**
 * The settings that Puppet will print, read from its defaults and puppet.conf without starting it, which takes seconds.
 * Undefined if they are not certain: an unknown installation, other arguments, no `certname`, or values that Puppet
 * would expand. `root` is for tests.
 */
export async function expectedSettings(
  config: PuppetConfig,
  executable: string,
  { root = '/', uid = process.getuid?.() }: { root?: string; uid?: number | undefined } = {},
): Promise<PuppetSettings | undefined> {
  const isPlain =
    config.command.length === 1 && config.confdir === undefined && config.extraArgs.length === 0;
  const runMode = runModes[executable];
  if (!isPlain || runMode === undefined || uid !== 0) return undefined;
  const folders = foldersIn((await readIfPresent(join(root, runMode))) ?? '');
  if (!folders) return undefined;
  const { confdir } = folders;
  const text = (await readIfPresent(join(root, confdir, 'puppet.conf'))) ?? '';
  const given = settingsIn(text);
  if (!given) return undefined;
  const certname = given.get('certname');
  if (certname === undefined || certname !== certname.toLowerCase() || given.has('confdir')) return undefined;
  const value = (name: string, standard: string) => given.get(name) ?? standard;
  const vardir = value('vardir', folders.vardir);
  const ssldir = value('ssldir', folders.ssldir);
  const statedir = value('statedir', `${vardir}/state`);
  const rundir = value('rundir', folders.rundir);
  const publicdir = value('publicdir', folders.publicdir);
  const certdir = value('certdir', `${ssldir}/certs`);
  const server = value('server', 'puppet');
  return {
    agent_catalog_run_lockfile: value('agent_catalog_run_lockfile', `${statedir}/agent_catalog_run.lock`),
    agent_disabled_lockfile: value('agent_disabled_lockfile', `${statedir}/agent_disabled.lock`),
    ca_port: value('ca_port', value('serverport', value('masterport', '8140'))),
    ca_server: value('ca_server', server),
    certname,
    classfile: value('classfile', `${statedir}/classes.txt`),
    confdir,
    config: `${confdir}/puppet.conf`,
    environment: value('environment', 'production'),
    hostcert: value('hostcert', `${certdir}/${certname}.pem`),
    hostcrl: value('hostcrl', `${ssldir}/crl.pem`),
    hostcsr: value('hostcsr', `${value('requestdir', `${ssldir}/certificate_requests`)}/${certname}.pem`),
    hostprivkey: value('hostprivkey', `${value('privatekeydir', `${ssldir}/private_keys`)}/${certname}.pem`),
    hostpubkey: value('hostpubkey', `${value('publickeydir', `${ssldir}/public_keys`)}/${certname}.pem`),
    lastrunfile: value('lastrunfile', `${publicdir}/last_run_summary.yaml`),
    lastrunreport: value('lastrunreport', `${statedir}/last_run_report.yaml`),
    localcacert: value('localcacert', `${certdir}/ca.pem`),
    pidfile: value('pidfile', `${rundir}/agent.pid`),
    resourcefile: value('resourcefile', `${statedir}/resources.txt`),
    server,
    ssl_lockfile: value('ssl_lockfile', `${ssldir}/ssl.lock`),
    ssldir,
    statedir,
    vardir,
  };
}

// Puppet's own source says where its folders are; distributions change it. Versions before 7 have no public folder.
function foldersIn(ruby: string) {
  const unix = /class UnixRunMode([\s\S]*?)\n {4}end/.exec(ruby)?.[1] ?? '';
  const folder = (method: string) =>
    new RegExp(`def ${method}\\n\\s+which_dir\\("(/[^"$]+)"`).exec(unix)?.[1];
  const [confdir, vardir, publicdir, rundir] = ['conf_dir', 'var_dir', 'public_dir', 'run_dir'].map(folder);
  if (!confdir || !vardir || !publicdir || !rundir) return undefined;
  if (!unix.includes('def ssl_dir')) return { confdir, vardir, publicdir, rundir, ssldir: `${confdir}/ssl` };
  // As Debian has it: for root.
  const ssldir = /def ssl_dir\n\s+system_ssl = "(\/[^"$]+)"/.exec(unix)?.[1];
  return ssldir === undefined ? undefined : { confdir, vardir, publicdir, rundir, ssldir };
}

// Undefined if a value would be expanded, is set twice, or has more than a value.
function settingsIn(text: string): ReadonlyMap<string, string> | undefined {
  const sections = { main: new Map<string, string>(), agent: new Map<string, string>() };
  let section: string = 'main';
  for (const line of text.split('\n').map((each) => each.trim())) {
    if (line === '' || line.startsWith('#')) continue;
    const [, heading] = /^\[(\w+)\]$/.exec(line) ?? [];
    if (heading !== undefined) section = heading;
    const [, name = '', value = ''] = /^(\w+)\s*=\s*(.*)$/.exec(line) ?? [];
    if (heading === undefined && name === '') return undefined;
    if (heading !== undefined || (section !== 'main' && section !== 'agent')) continue;
    if (!isRelevant(name)) continue;
    if (value === '' || /[$"'{}#~]/.test(value) || sections[section].has(name)) return undefined;
    sections[section].set(name, value);
  }
  return new Map([...sections.main, ...sections.agent]);
}

function isRelevant(name: string): boolean {
  return /^(agent_|host|last_?run|ssl|ca_|cert|server|masterport)/.test(name) || others.has(name);
}

const others: ReadonlySet<string> = new Set([
  ...bases,
  'classfile',
  'confdir',
  'config',
  'environment',
  'localcacert',
  'pidfile',
  'resourcefile',
  'statedir',
  'vardir',
]);
