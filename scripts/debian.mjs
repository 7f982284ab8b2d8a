import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { CommandFailed, run } from './command.mjs';

const ARCHITECTURE = process.arch === 'x64' ? 'amd64' : process.arch;

/** Debian's packages that tests and demo use: the file that shows that one is there, and what it is for. */
export const packages = [
  {
    name: 'puppet-agent',
    file: '/usr/bin/puppet',
    use: 'real Puppet runs',
    unit: 'puppet.service',
    puppet: true,
  },
  {
    name: 'puppetserver',
    file: '/usr/share/puppetserver/puppetserver.jar',
    use: 'real Puppet Servers',
    unit: 'puppetserver.service',
    puppet: true,
  },
  {
    name: 'ruby-puppetserver-ca-cli',
    file: '/var/lib/dpkg/info/ruby-puppetserver-ca-cli.md5sums',
    use: 'the command puppetserver ca',
    puppet: true,
  },
  {
    name: 'mosquitto',
    file: '/usr/sbin/mosquitto',
    use: 'tests against another broker',
    unit: 'mosquitto.service',
  },
  { name: 'mosquitto-clients', file: '/usr/bin/mosquitto_sub', use: 'reading the wire from outside' },
  {
    name: 'nats-server',
    file: '/usr/sbin/nats-server',
    use: 'tests against NATS',
    unit: 'nats-server.service',
  },
  {
    name: 'rabbitmq-server',
    file: '/usr/lib/rabbitmq/bin/rabbitmq-server',
    use: 'tests against RabbitMQ',
    unit: 'rabbitmq-server.service',
  },
  {
    name: 'prosody',
    file: '/usr/bin/prosody',
    use: 'tests against a real XMPP server',
    unit: 'prosody.service',
  },
  {
    name: 'radicale',
    file: '/usr/bin/radicale',
    use: 'tests against a real calendar server',
    unit: 'radicale.service',
  },
  {
    name: 'python3-aiosmtpd',
    file: '/usr/lib/python3/dist-packages/aiosmtpd/__init__.py',
    use: 'tests against a real mail server',
  },
  {
    name: 'python3-paho-mqtt',
    file: '/usr/lib/python3/dist-packages/paho/mqtt/client.py',
    use: 'the example of a client in Python',
  },
  {
    name: 'python3-cryptography',
    file: '/usr/lib/python3/dist-packages/cryptography/__init__.py',
    use: 'the example of a client in Python',
  },
  {
    name: 'prometheus',
    file: '/usr/bin/promtool',
    use: 'metrics and alerts, read by a real Prometheus',
    unit: 'prometheus.service',
  },
  {
    name: 'prometheus-node-exporter',
    file: '/usr/bin/prometheus-node-exporter',
    use: 'files of metrics, read by a real node exporter',
    unit: 'prometheus-node-exporter.service',
  },
  { name: 'fish', file: '/usr/bin/fish', use: 'completion of mco in fish' },
  { name: 'zsh', file: '/bin/zsh', use: 'completion of mco in zsh' },
  { name: 'iproute2', file: '/sbin/ip', use: 'network namespaces of the demo' },
  { name: 'util-linux', file: '/usr/bin/unshare', use: 'mount namespaces of the demo' },
  {
    name: 'libatomic1',
    file: `/var/lib/dpkg/info/libatomic1:${ARCHITECTURE}.list`,
    use: 'npm run test:nodes, whose newest Node needs it',
  },
  { name: 'openssl', file: '/usr/bin/openssl', use: 'a second opinion on certificates' },
];

/** The packages that are not there; without those of Puppet when `puppet` is false. */
export function missingPackages({ puppet = true } = {}) {
  return packages.filter((entry) => (puppet || !entry.puppet) && !existsSync(entry.file));
}

/** Whether this process may install Debian's packages. */
export function mayInstall() {
  return process.getuid?.() === 0 && existsSync('/usr/bin/apt-get');
}

const POLICY = '/usr/sbin/policy-rc.d';
const POLICY_MARK = '# Temporary: written and removed by the setup of Troupe.';

// Debian starts the service of a package when it installs it; nobody asked for a running Puppet or broker here.
function holdServices() {
  if (existsSync(POLICY) && !readFileSync(POLICY, 'utf8').includes(POLICY_MARK)) return () => {};
  writeFileSync(POLICY, `#!/bin/sh\n${POLICY_MARK}\nexit 101\n`, { mode: 0o755 });
  return () => rmSync(POLICY, { force: true });
}

const INSTALL = ['-y', '-q', '--no-install-recommends', '-o', 'DPkg::Lock::Timeout=600'];
const ENVIRONMENT = { ...process.env, DEBIAN_FRONTEND: 'noninteractive', LC_ALL: 'C' };

async function install(names, report) {
  try {
    await run('apt-get', ['install', ...INSTALL, ...names], { env: ENVIRONMENT });
  } catch (error) {
    if (!(error instanceof CommandFailed)) throw error;
    report(error.message);
    // One package that this system does not have must not keep the others away.
    if (names.length > 1) for (const name of names) await install([name], report);
  }
}

/** Installs packages with apt-get; services are neither started nor enabled. What fails is reported, not thrown. */
export async function installPackages(entries, report) {
  const release = holdServices();
  try {
    await run('apt-get', ['update', '-q'], { env: ENVIRONMENT }).catch((error) => {
      if (!(error instanceof CommandFailed)) throw error;
      report(error.message);
    });
    const names = entries.map(({ name }) => name);
    await install(names, report);
    const units = entries.filter(({ unit, file }) => unit && existsSync(file)).map(({ unit }) => unit);
    if (units.length > 0 && existsSync('/usr/bin/systemctl')) {
      await run('systemctl', ['disable', '--quiet', ...units]).catch((error) => report(error.message));
    }
  } finally {
    release();
  }
}
