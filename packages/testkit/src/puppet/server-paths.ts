import { join } from 'node:path';

/** Where the files of one private Puppet Server are. */
export interface ServerPaths {
  confdir: string;
  puppetConf: string;
  /** Configuration of the JVM's services. */
  servicesConfig: string;
  bootstrapConfig: string;
  loggingConfig: string;
  codedir: string;
  environments: string;
  ssldir: string;
  cadir: string;
  vardir: string;
  /** Also the JVM's temporary files. */
  rundir: string;
  logdir: string;
  logFile: string;
  gems: string;
  aotJar: string;
  /** The server writes 1 in here when it is ready. */
  restartFile: string;
  /** The bundle of intermediate and root, as nodes get it. */
  caCertificate: string;
  hostCertificate: string;
  hostKey: string;
  crl: string;
}

export function serverPaths(folder: string, certname: string): ServerPaths {
  const at = (...parts: string[]) => join(folder, ...parts);
  return {
    confdir: at('puppet'),
    puppetConf: at('puppet', 'puppet.conf'),
    servicesConfig: at('conf.d'),
    bootstrapConfig: at('services.d'),
    loggingConfig: at('logback.xml'),
    codedir: at('code'),
    environments: at('code', 'environments'),
    ssldir: at('ssl'),
    cadir: at('ca'),
    vardir: at('var'),
    rundir: at('run'),
    logdir: at('log'),
    logFile: at('log', 'puppetserver.log'),
    gems: at('gems'),
    aotJar: at('aot.jar'),
    restartFile: at('run', 'restart'),
    caCertificate: at('ssl', 'certs', 'ca.pem'),
    hostCertificate: at('ssl', 'certs', `${certname}.pem`),
    hostKey: at('ssl', 'private_keys', `${certname}.pem`),
    crl: at('ssl', 'crl.pem'),
  };
}
