import { collectives } from './cast.js';

export interface CodeOptions {
  readonly brokerUrl: string;
  /** PEM: who may give orders, and who the broker must be. */
  readonly caPem: string;
}

// Hosts that are folders say where they are by the fact "demo_root"; on all others paths are what they seem.
const root = `$root = $facts['demo_root'] ? { undef => '', default => $facts['demo_root'] }
`;

// Facter looks for external facts in /etc only, so a host that is a folder gets a fact in Ruby (FACTERLIB).
const bootstrap = `${root}
if $root == '' {
  file { '/etc/facter/facts.d/site.yaml': content => "site_role: webserver\\nsite_master: \${settings::certname}\\n" }
} else {
  file { "\${root}/etc/facter": ensure => directory }
  file { "\${root}/etc/facter/site.rb":
    content => "Facter.add('site_role') { setcode { 'webserver' } }\\nFacter.add('site_master') { setcode { '\${settings::certname}' } }\\n",
  }
}
notify { "bootstrap of \${trusted['certname']} by \${settings::certname}": }
`;

const production = `node default { include site }
`;

const siteClass = ({
  brokerUrl,
}: CodeOptions) => `# What the bootstrap environment leaves behind is needed here: without it there is no catalog.
class site {
  unless $facts['site_role'] { fail('the fact site_role is missing: the environment bootstrap was not applied') }
  ${root}
  $ssl = $facts['demo_root'] ? { undef => '/var/lib/puppet/ssl', default => "\${root}/var/lib/puppet/ssl" }
  file { "\${root}/etc/motd": content => "\${trusted['certname']} is a \${facts['site_role']}, managed by \${facts['site_master']}\\n" }
  file { "\${root}/etc/troupe/ca.pem": source => 'puppet:///modules/site/ca.pem' }
  file { "\${root}/etc/troupe/mcod.yaml":
    mode    => '0600',
    content => epp('site/mcod.yaml.epp', { 'root' => $root, 'ssl' => $ssl, 'broker' => '${brokerUrl}' }),
    require => File["\${root}/etc/troupe/ca.pem"],
  }
}
`;

/** The daemon's final configuration: the main collective, the host's Puppet certificate, the agent for Puppet runs. */
export const finalConfig = (values: {
  root: string;
  ssl: string;
  broker: string;
  certname: string;
}) => `# Managed by Puppet
collectives: [${collectives.main}]
broker: { urls: ['${values.broker}'] }
security:
  ca: ${values.root}/etc/troupe/ca.pem
  certificate: ${values.ssl}/certs/${values.certname}.pem
  key: ${values.ssl}/private_keys/${values.certname}.pem
agents: ['@troupe/agent-puppetd']
facts: { paths: [${values.root}/etc/troupe/facts.d] }
state_dir: ${values.root}/var/lib/troupe
log: { level: info, file: ${values.root}/var/log/troupe/mcod.log }
authorization: { policies: ${values.root}/etc/troupe/policies }
audit: { file: ${values.root}/var/log/troupe/audit.jsonl }
`;

/** The environments "bootstrap" and "production", as files by their paths. */
export function puppetCode(options: CodeOptions): Record<string, string> {
  const template = finalConfig({
    root: '<%= $root %>',
    ssl: '<%= $ssl %>',
    broker: '<%= $broker %>',
    certname: "<%= $trusted['certname'] %>",
  });
  return {
    'bootstrap/manifests/site.pp': bootstrap,
    'production/manifests/site.pp': production,
    'production/modules/site/manifests/init.pp': siteClass(options),
    'production/modules/site/templates/mcod.yaml.epp': `<%- | String $root, String $ssl, String $broker | -%>\n${template}`,
    'production/modules/site/files/ca.pem': options.caPem,
  };
}
