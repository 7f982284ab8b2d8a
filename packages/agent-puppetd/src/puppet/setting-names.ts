/** What Puppet is asked for. */
export const settingNames = [
  'agent_catalog_run_lockfile',
  'agent_disabled_lockfile',
  'ca_port',
  'ca_server',
  'certname',
  'classfile',
  'confdir',
  'config',
  'environment',
  'hostcert',
  'hostcrl',
  'hostcsr',
  'hostprivkey',
  'hostpubkey',
  'lastrunfile',
  'lastrunreport',
  'localcacert',
  'pidfile',
  'resourcefile',
  'server',
  'ssl_lockfile',
  'ssldir',
  'statedir',
  'vardir',
] as const;

/** Settings of Puppet's agent on this host, by Puppet's own names; nearly all are paths. */
export type PuppetSettings = Readonly<Record<(typeof settingNames)[number], string>>;

/** Settings, and what Puppet itself says they are: maybe later, and maybe that it cannot say. */
export interface AssumedSettings {
  readonly settings: PuppetSettings;
  readonly confirmed: Promise<PuppetSettings>;
}

const ofCertificates = [
  'certname',
  'ssldir',
  'hostcert',
  'hostcrl',
  'hostcsr',
  'hostprivkey',
  'hostpubkey',
  'localcacert',
] as const;

/** What Puppet says otherwise about certificates than was assumed, such as `certname: web1 instead of web2`. */
export async function wrongAssumptions({ settings, confirmed }: AssumedSettings): Promise<readonly string[]> {
  const said = await confirmed;
  return ofCertificates
    .filter((name) => said[name] !== settings[name])
    .map((name) => `${name}: ${said[name]} instead of ${settings[name]}`);
}
