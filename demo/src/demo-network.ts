import { fileURLToPath } from 'node:url';
import { type SpawnedBroker, spawnBroker } from '@troupe/broker';
import { type Client, clientSchema, connect } from '@troupe/client';
import { checkConfig, issueToken, loadOwn, silentLogger } from '@troupe/core';
import puppetcaDdl from '@troupe/ddl/puppetca.json' with { type: 'json' };
import {
  aotJar,
  createTempFolder,
  DirectoryHost,
  type Host,
  type TempFolder,
  waitFor,
} from '@troupe/testkit';
import {
  collectives,
  type NewNode,
  nodes as newNodes,
  notifier,
  operator,
  masters as roles,
} from './cast.js';
import { Mailbox } from './mailbox.js';
import { type Master, startEmulatedMaster, startPuppetMaster, submitCsr } from './master.js';
import type { Screen } from './screen.js';
import { Site } from './site.js';
import { rootOf, Stage, startMcod, writeOn } from './stage.js';
import type { StandInHost } from './stand-in.js';

const standIn = fileURLToPath(new URL('./stand-in.js', import.meta.url));

/** The site of the demo: everything that runs before a new host boots, and its removal. */
export class DemoNetwork {
  readonly mailbox = new Mailbox();
  readonly hosts = new Map<string, Host>();
  masters: readonly Master[] = [];
  readonly #emulated: boolean;
  readonly #screen: Screen;
  readonly #signal: AbortSignal;
  readonly #closers: (() => Promise<unknown>)[] = [];
  #folder: TempFolder | undefined;
  #stage: Stage | undefined;
  #site: Site | undefined;
  #broker: SpawnedBroker | undefined;
  #client: Client | undefined;
  #operator: Readonly<Record<'broker' | 'security', object>> | undefined;

  constructor(options: { emulated: boolean; screen: Screen; signal: AbortSignal }) {
    this.#emulated = options.emulated;
    this.#screen = options.screen;
    this.#signal = options.signal;
  }

  /** The provisioner's client. */
  get client(): Client {
    return present(this.#client);
  }

  /** The provisioner's journal of names. */
  get journalFile(): string {
    return present(this.#folder).join('provisioner.journal');
  }

  /** How the operator's programs reach the network: the sections `broker` and `security` of their configurations. */
  get operator(): Readonly<Record<'broker' | 'security', object>> {
    return present(this.#operator);
  }

  /** Starts broker, masters, notifier and mail server, in this order. */
  async open(): Promise<void> {
    const folder = await createTempFolder({ prefix: 'troupe-demo', mode: 0o711 });
    this.#folder = folder;
    this.#closers.push(() => folder.close());
    this.#stage = await Stage.create();
    this.#closers.push(() => present(this.#stage).close());
    this.#screen.line('demo', present(this.#stage).description);
    this.#site = await Site.create(folder);
    await this.#startBroker();
    await this.#startMasters();
    present(this.#broker).reload();
    await this.#startNotifier();
    await this.#connect();
    await this.#online(collectives.main, [...this.masters.map(({ identity }) => identity), notifier]);
    for (const node of newNodes) if (node.hasOldCertificate) await this.#plantOldCertificate(node);
  }

  async #startBroker(): Promise<void> {
    const [site, stage] = [present(this.#site), present(this.#stage)];
    const own = await site.issue('broker.lab', [stage.address]);
    const security = { ca: site.trustFile, callers: { ca: site.caFile }, ...own };
    const broker = await spawnBroker(
      { listen: [`mqtts://${stage.address}:0`], security, log: { level: 'warn' } },
      { onLog: () => {} },
    );
    this.#broker = broker;
    this.#closers.push(() => broker.stop());
    this.#screen.line(
      'broker',
      `listening on ${broker.url}; clients need a certificate or an enrolment token`,
    );
  }

  async #startMasters(): Promise<void> {
    const [site, stage, folder, broker] = [
      present(this.#site),
      present(this.#stage),
      present(this.#folder),
      present(this.#broker),
    ];
    const start = this.#emulated ? startEmulatedMaster : startPuppetMaster;
    const jar = this.#emulated ? Promise.resolve(undefined) : aotJar();
    if (!this.#emulated)
      this.#screen.line(
        'masters',
        'starting two Puppet Servers, each with its own CA (takes half a minute or more) …',
      );
    this.masters = await Promise.all(
      roles.map(async (role, index) => {
        const host = await stage.host(role.identity, index + 2, role.facts);
        const common = { role, host, site, folder, brokerUrl: broker.url, signal: this.#signal };
        const master = await start({ ...common, aotJar: jar });
        this.#closers.push(() => master.close());
        const { region, country } = role.facts;
        this.#screen.line(
          role.identity,
          `${this.#emulated ? 'built-in CA' : 'Puppet Server'} on ${master.address}:8140, region ${region}, country ${country}`,
        );
        return master;
      }),
    );
  }

  async #startNotifier(): Promise<void> {
    const { smtpPort, webPort } = await this.mailbox.listen();
    this.#closers.push(() => this.mailbox.close());
    const [site, broker] = [present(this.#site), present(this.#broker)];
    const host = await DirectoryHost.create({ identity: notifier });
    this.#closers.push(() => host.close());
    const notify = {
      mailto: { server: '127.0.0.1', port: smtpPort, tls: 'none', from: 'troupe@example.net' },
      webhook: { endpoints: { ops: { url: `http://127.0.0.1:${webPort}/` } } },
    };
    const own = await site.issue(notifier);
    const security = { ca: site.caFile, ...own };
    await startMcod(
      host,
      { broker: { urls: [broker.url] }, security, agents: ['@troupe/agent-notify'], plugins: { notify } },
      {},
    );
    this.#screen.line(notifier, `mail server on 127.0.0.1:${smtpPort}, webhook on 127.0.0.1:${webPort}`);
  }

  async #connect(): Promise<void> {
    const [site, broker] = [present(this.#site), present(this.#broker)];
    const own = await site.issue(operator);
    this.#operator = {
      broker: { urls: [broker.url], ca: site.caFile },
      security: { ca: site.trustFile, callers: { ca: site.caFile }, ...own },
    };
    const given = { ...this.#operator, collectives: [collectives.main, collectives.enrolment] };
    const config = checkConfig(given, clientSchema, "the demo's client");
    this.#client = await connect({ config, log: silentLogger });
    this.#closers.push(() => present(this.#client).close());
  }

  async #online(collective: string, identities: readonly string[]): Promise<void> {
    const presence = await this.client.presence(collective);
    const areOnline = () => identities.every((identity) => presence.isOnline(identity));
    await waitFor(`${identities.join(', ')} to be online in the collective ${collective}`, areOnline, {
      timeoutSeconds: 60,
      signal: this.#signal,
    });
  }

  // A host of this name was there before, and every master has signed for it.
  async #plantOldCertificate({ identity }: NewNode): Promise<void> {
    for (const master of this.masters) {
      const fingerprint = await submitCsr(master, identity);
      const agent = this.client.agent(puppetcaDdl);
      const signed = await agent
        .sign({ certname: identity, fingerprint }, { targets: [master.identity] })
        .one();
      if (!signed.ok)
        throw new Error(
          `${master.identity} did not sign the old certificate of ${identity}: ${signed.statusmsg}`,
        );
    }
    this.#screen.line(identity, 'both masters have an old certificate for this name');
  }

  /** Boots a new host: an image with the daemon, an enrolment token, and nothing else. */
  async boot(node: NewNode, number: number): Promise<void> {
    const [site, stage, broker] = [present(this.#site), present(this.#stage), present(this.#broker)];
    const host = await stage.host(node.identity, number, node.facts);
    this.hosts.set(node.identity, host);
    const claims = {
      iss: operator,
      collective: collectives.enrolment,
      brokers: [broker.url],
      ca: site.caPem,
      callers: '/^operator\\.mcollective$/',
      ttlSeconds: 3600,
    };
    const issuer = loadOwn({
      certificate: present(this.#folder).join(`${operator}.pem`),
      key: present(this.#folder).join(`${operator}.key`),
    });
    await writeOn(host, '/etc/troupe/enrolment.token', await issueToken(claims, issuer));
    const config = {
      identity: node.identity,
      security: { mode: 'token', token: host.pathOnHost('/etc/troupe/enrolment.token') },
      agents: ['@troupe/agent-provision'],
      plugins: { provision: this.#provisionConfig(host, node) },
    };
    await startMcod(host, config, node.facts);
  }

  #provisionConfig(host: Host, node: NewNode): object {
    const root = rootOf(host);
    return {
      key_bits: 2048,
      hosts_file: host.pathOnHost('/etc/hosts'),
      puppet: this.#puppetOf(host, node, root),
    };
  }

  #puppetOf(host: Host, { identity, facts }: NewNode, root: string): object {
    if (this.#emulated) {
      const [site, broker] = [present(this.#site), present(this.#broker)];
      const standInHost: StandInHost = {
        root,
        certname: identity,
        brokerUrl: broker.url,
        caFile: site.caFile,
      };
      return { command: [process.execPath, standIn, JSON.stringify(standInHost)] };
    }
    if (root === '') return {};
    const env = Object.entries({ ...facts, demo_root: root }).map(([name, value]) => [
      `FACTER_${name}`,
      value,
    ]);
    return {
      command: [host.pathOnHost('/bin/puppet')],
      env: { ...Object.fromEntries(env), FACTERLIB: host.pathOnHost('/etc/facter'), HOME: root },
    };
  }

  /** Waits until this many messages have arrived, at most 5 s; the report lists missing ones. */
  async mailArrived(count: number): Promise<void> {
    const deadline = Date.now() + 5000;
    while (this.mailbox.delivered.length < count && Date.now() < deadline) {
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }

  /** Where this machine finds a file of a new host. */
  fileOn(identity: string, path: string): string {
    return present(this.hosts.get(identity)).file(path);
  }

  /** Stops and removes everything, in reverse order. */
  async close(): Promise<void> {
    for (const close of this.#closers.reverse()) await close();
  }
}

function present<T>(value: T | undefined): T {
  if (value === undefined) throw new Error('the demo site has not been opened yet');
  return value;
}
