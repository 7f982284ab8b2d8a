import { chmod, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { authorization } from './auth-rules.js';
import { serverGems, serverRuby } from './installation.js';
import type { ServerPaths } from './server-paths.js';
import { services } from './services.js';

/** What tells one Puppet Server from another. */
export interface ServerIdentity {
  name: string;
  address: string;
  port: number;
  certname: string;
  dnsAltNames: readonly string[];
  keyLength: number;
  tlsVersions: readonly string[];
}

/** Writes the whole configuration of a private server, without its CA and its code. */
export async function writeServerConfig(paths: ServerPaths, identity: ServerIdentity): Promise<void> {
  const { confdir, servicesConfig, bootstrapConfig, environments, vardir, rundir, logdir, gems } = paths;
  for (const folder of [
    confdir,
    servicesConfig,
    bootstrapConfig,
    environments,
    vardir,
    rundir,
    logdir,
    gems,
  ]) {
    await mkdir(folder, { recursive: true });
    await chmod(folder, 0o755);
  }
  await writeFile(paths.puppetConf, puppetConf(paths, identity));
  await writeFile(
    join(servicesConfig, 'server.json'),
    JSON.stringify(serviceSettings(paths, identity), null, 2),
  );
  await writeFile(join(bootstrapConfig, 'bootstrap.cfg'), `${services.join('\n')}\n`);
  await writeFile(paths.loggingConfig, logback(paths));
}

function puppetConf(
  paths: ServerPaths,
  { address, port, certname, dnsAltNames, keyLength }: ServerIdentity,
): string {
  // The parser of `puppetserver ca` ends a value at its first blank, and takes its own defaults for cadir and ssldir.
  const names = [...new Set([...dnsAltNames, certname, 'localhost', `IP:${address}`])].join(',');
  return `[main]
certname = ${certname}
server = ${address}
serverport = ${port}
ca_server = ${address}
ca_port = ${port}
confdir = ${paths.confdir}
codedir = ${paths.codedir}
ssldir = ${paths.ssldir}
cadir = ${paths.cadir}
keylength = ${keyLength}
dns_alt_names = ${names}
[server]
autosign = false
reports = store
environment_timeout = 0
`;
}

/** One file for all services: the server reads JSON where its package has HOCON. */
function serviceSettings(paths: ServerPaths, { name, address, port, tlsVersions }: ServerIdentity): object {
  return {
    global: { 'logging-config': paths.loggingConfig },
    webserver: {
      'client-auth': 'want',
      'ssl-protocols': tlsVersions,
      'ssl-host': address,
      'ssl-port': port,
    },
    'jruby-puppet': {
      'ruby-load-path': [serverRuby],
      'gem-home': paths.gems,
      'gem-path': [paths.gems, serverGems],
      'server-conf-dir': paths.confdir,
      'server-code-dir': paths.codedir,
      'server-var-dir': paths.vardir,
      'server-run-dir': paths.rundir,
      'server-log-dir': paths.logdir,
      'max-active-instances': 1,
    },
    'http-client': {},
    profiler: { enabled: false },
    product: { 'check-for-updates': false },
    metrics: {
      'server-id': name,
      registries: { puppetserver: { reporters: { jmx: { enabled: false } } } },
      'metrics-webservice': { jolokia: { enabled: false } },
    },
    'certificate-authority': {},
    'web-router-service': {
      'puppetlabs.services.ca.certificate-authority-service/certificate-authority-service': '/puppet-ca',
      'puppetlabs.services.master.master-service/master-service': '/puppet',
      'puppetlabs.services.puppet-admin.puppet-admin-service/puppet-admin-service': '/puppet-admin-api',
      'puppetlabs.trapperkeeper.services.status.status-service/status-service': '/status',
      'puppetlabs.trapperkeeper.services.metrics.metrics-service/metrics-webservice': '/metrics',
    },
    authorization,
  };
}

function logback(paths: ServerPaths): string {
  return `<configuration>
  <appender name="FILE" class="ch.qos.logback.core.FileAppender">
    <file>${paths.logFile}</file>
    <encoder><pattern>%d{ISO8601} %-5p [%t] [%c{2}] %m%n</pattern></encoder>
  </appender>
  <logger name="puppetlabs.trapperkeeper.services.status.status-debug-logging" level="off"/>
  <root level="info"><appender-ref ref="FILE"/></root>
</configuration>
`;
}
