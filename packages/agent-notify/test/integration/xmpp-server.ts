import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { freePort, type RunningProcess, startProcess } from '@troupe/testkit';
import type { PemFiles } from '../pem-files.js';

const program = '/usr/bin/prosody';

/** Why the XMPP server cannot run here, or undefined. */
export function xmppServerMissing(): string | undefined {
  return existsSync(program) ? undefined : 'the Debian package prosody is not installed';
}

export interface XmppServerOptions {
  /** An empty folder of its own. */
  readonly folder: string;
  readonly domain: string;
  /** Without it the server offers no TLS. */
  readonly pem?: PemFiles;
  /** Passwords by user. */
  readonly users: Readonly<Record<string, string>>;
}

/** A running prosody, with accounts and rooms at `conference.DOMAIN`. */
export class XmppServer {
  readonly port: number;
  /** TLS from the first byte. */
  readonly tlsPort: number;
  readonly #process: RunningProcess;

  private constructor(process: RunningProcess, port: number, tlsPort: number) {
    this.#process = process;
    this.port = port;
    this.tlsPort = tlsPort;
  }

  static async start(options: XmppServerOptions): Promise<XmppServer> {
    const { folder } = options;
    const [port, tlsPort] = [await freePort(), await freePort()];
    mkdirSync(`${folder}/data`, { recursive: true });
    makeAccounts(options);
    const file = `${folder}/prosody.cfg.lua`;
    writeFileSync(file, configuration(options, port, tlsPort));
    const process = startProcess(program, ['-F', '--config', file], { cwd: folder });
    await process.waitForLine(new RegExp(`Activated service 'c2s' on .*${port}`));
    return new XmppServer(process, port, tlsPort);
  }

  /** What it logged so far. */
  get log(): string {
    return this.#process.output;
  }

  async stop(): Promise<void> {
    await this.#process.stop();
  }
}

function makeAccounts({ folder, domain, users }: XmppServerOptions): void {
  const accounts = `${folder}/data/${encoded(domain)}/accounts`;
  mkdirSync(accounts, { recursive: true });
  for (const [user, password] of Object.entries(users))
    writeFileSync(
      `${accounts}/${encoded(user)}.dat`,
      `return { ["password"] = ${JSON.stringify(password)} };\n`,
    );
}

// As prosody's util.datamanager names its files.
function encoded(name: string): string {
  return name.replace(/[^A-Za-z0-9]/g, (sign) => `%${sign.charCodeAt(0).toString(16).padStart(2, '0')}`);
}

function configuration({ folder, domain, pem }: XmppServerOptions, port: number, tlsPort: number): string {
  const text = JSON.stringify;
  const tls =
    pem === undefined ? '' : `ssl = { certificate = ${text(pem.certificate)}; key = ${text(pem.key)} }`;
  return `
run_as_root = true
daemonize = false
pidfile = ${text(`${folder}/prosody.pid`)}
data_path = ${text(`${folder}/data`)}
log = { { levels = { min = "debug" }, to = "console" } }
interfaces = { "127.0.0.1" }
c2s_ports = { ${port} }
c2s_direct_tls_ports = { ${pem === undefined ? '' : tlsPort} }
c2s_direct_tls_ssl = ${pem === undefined ? 'nil' : `{ certificate = ${text(pem.certificate)}; key = ${text(pem.key)} }`}
c2s_require_encryption = ${pem !== undefined}
allow_unencrypted_plain_auth = false
modules_enabled = { "saslauth", ${pem === undefined ? '' : '"tls", '}"ping", "roster", "smacks", "posix" }
modules_disabled = { "s2s" }
authentication = "internal_plain"
${tls}
VirtualHost ${text(domain)}
Component ${text(`conference.${domain}`)} "muc"
`;
}
