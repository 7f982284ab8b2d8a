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

/** What Puppet says otherwise than was assumed, such as `certname: web1 instead of web2`. */
export function differences(said: PuppetSettings, assumed: PuppetSettings): readonly string[] {
  return settingNames
    .filter((name) => said[name] !== assumed[name])
    .map((name) => `${name}: ${said[name]} instead of ${assumed[name]}`);
}
