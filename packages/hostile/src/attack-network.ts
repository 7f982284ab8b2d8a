import { createPrivateKey, X509Certificate } from 'node:crypto';
import { appendFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Broker, startBroker, tokenVerifier } from '@troupe/broker';
import { type Client, connect, loadClientConfig } from '@troupe/client';
import { createLogger, issueReceipt, issueToken } from '@troupe/core';
import { createCa } from '@troupe/core/pki';
import { type Daemon, parseDaemonConfig, startDaemon } from '@troupe/daemon';
import {
  createTempFolder,
  createTestPki,
  type IssuedCertificate,
  type TempFolder,
  type TestPki,
  waitFor,
} from '@troupe/testkit';
import type { IClientOptions } from 'mqtt';
import { counterAgent, counterDdl, counterHash } from './counter.js';
import { jws, newId } from './jws.js';
import { type Machine, newMachine } from './machine.js';
import { type Account, connectMqtt } from './mqtt.js';
import { makeOddCertificate, type OddCertificate } from './odd-certificate.js';
import type { Person } from './person.js';

/** Sections of the configuration of a node that differ from the usual ones. */
export type NodeSettings = Readonly<Record<string, object>>;

const leastLines = 9;

/** Limits of the broker, so that an attack reaches them soon. */
export const mostConnections = 20;
export const mostPending = 50;
export const mostSubscriptions = 30;

/** A network with a victim (web1), a stolen node account (web2), callers good and bad, and all that they write down. */
export class AttackNetwork {
  readonly folder: TempFolder;
  readonly pki: TestPki;
  readonly people = new Map<string, Person>();
  readonly log: string[] = [];
  /** The inputs with which the actions of the victims ran. */
  readonly inputs: object[] = [];
  broker!: Broker;
  daemon!: Daemon;
  client!: Client;
  eve!: Account;
  readonly #accounts: Account[] = [];
  readonly #nodes: Daemon[] = [];
  readonly #clients: Client[] = [];
  readonly #files = new Map<string, IssuedCertificate>();
  #security: object = {};
  readonly #cache = process.env.XDG_CACHE_HOME;

  private constructor(folder: TempFolder, pki: TestPki) {
    this.folder = folder;
    this.pki = pki;
    // DDLs that a stolen node sent must not stay in the cache of whoever runs this.
    process.env.XDG_CACHE_HOME = folder.join('cache');
  }

  static async create(): Promise<AttackNetwork> {
    const folder = await createTempFolder({ prefix: 'troupe-hostile' });
    const network = new AttackNetwork(folder, await createTestPki(folder.join('pki')));
    await network.#start();
    return network;
  }

  /** How often actions of the victims ran. */
  get ran(): number {
    return this.inputs.length;
  }

  get audit(): string {
    return readFileSync(this.auditFile, 'utf8');
  }

  get auditFile(): string {
    return this.folder.join('audit.jsonl');
  }

  /** The configuration of the client. */
  get clientConfigFile(): string {
    return this.folder.join('client.json');
  }

  /** The same for `mco`, with the DDL of the agent that is attacked. */
  get mcoConfigFile(): string {
    return this.folder.join('mco.json');
  }

  person(name: string): Person {
    const person = this.people.get(name);
    if (!person) throw new Error(`no certificate for ${name}`);
    return person;
  }

  /** Makes a certificate; `as` is what the person is called here. */
  async issue(name: string, pki: TestPki = this.pki, as = name, days?: number): Promise<IssuedCertificate> {
    const files = await pki.issue(name, {
      ipAddresses: ['127.0.0.1'],
      ...(days === undefined ? {} : { days }),
    });
    const pem = { cert: readFileSync(files.certificate, 'utf8'), key: readFileSync(files.key, 'utf8') };
    const x5c = [new X509Certificate(pem.cert).raw.toString('base64')];
    this.people.set(as, { name, key: createPrivateKey(pem.key), x5c, pem });
    this.#files.set(as, files);
    return files;
  }

  async #start(): Promise<void> {
    const { pki, folder } = this;
    const server = await this.issue('broker.lab');
    for (const name of [
      'alice.mcollective',
      'eve.mcollective',
      'mallory.mcollective',
      'carol.mcollective',
      'web2.lab',
      'web9.lab',
    ])
      await this.issue(name);
    await this.issue('old.mcollective', pki, 'old.mcollective', -1);
    await this.issue('alice.mcollective', await createTestPki(folder.join('evil')), 'evil alice');
    const second = await createTestPki(folder.join('second'));
    await this.issue('alice.mcollective', second, 'alice of a second CA');
    await this.#issueOdd();
    const web1 = await this.issue('web1.lab');
    for (const name of ['app1.lab', 'db1.lab', 'db2.lab', 'db3.lab', 'db4.lab']) await this.issue(name);
    await pki.revoke('mallory.mcollective');
    await pki.revoke('web9.lab');
    const security = { ca: pki.caCertificate, crl: pki.crl };
    const [revoked, ledger] = [folder.join('revoked'), folder.join('ledger.jsonl')];
    writeFileSync(revoked, '');
    const verifyToken = tokenVerifier(
      { mode: 'x509', ...security, callers: { match: '/\\.mcollective$/' } },
      { revoked, ledger },
    );
    this.broker = await startBroker(
      {
        listen: ['mqtts://127.0.0.1:0'],
        security: { ...security, ...server },
        collectives: { mcollective: ['/\\.lab$/'], eu: ['web1.lab'] },
        limits: {
          connections_per_name: mostConnections,
          connections_pending: mostPending,
          subscriptions: mostSubscriptions,
        },
      },
      { log: this.#logOf('broker'), ...(verifyToken && { verifyToken }) },
    );

    // The node trusts a second CA, which is not that of its callers.
    const bundle = folder.join('ca-bundle.pem');
    writeFileSync(
      bundle,
      [pki.caCertificate, second.caCertificate].map((file) => readFileSync(file)).join(''),
    );
    mkdirSync(folder.join('policies'));
    const policy = 'allow\talice.mcollective eve.mcollective carol.mcollective\t*\t*\ndeny\t*\t*\t*\n';
    writeFileSync(folder.join('policies', 'counter.policy'), policy);
    writeFileSync(folder.join('policies', 'default.policy'), 'allow\talice.mcollective\t*\t*\n');
    writeFileSync(folder.join('facts.yaml'), 'secret: abc\n');
    this.#security = { mode: 'x509', ...security, ca: bundle };
    this.daemon = await this.#startDaemon('web1.lab', web1, {
      audit: { file: this.auditFile, events: true, discovery: false },
    });
    const own = folder.join('pki', 'alice.mcollective');
    const clientConfig = {
      broker: { urls: [this.broker.url] },
      security: {
        ...security,
        certificate: `${own}.pem`,
        key: `${own}-key.pem`,
        tokens: { revoked },
      },
    };
    writeFileSync(this.clientConfigFile, JSON.stringify(clientConfig));
    const ddls = folder.join('ddls');
    mkdirSync(ddls);
    writeFileSync(join(ddls, 'counter.json'), JSON.stringify(counterDdl));
    writeFileSync(this.mcoConfigFile, JSON.stringify({ ...clientConfig, ddl_dirs: [ddls] }));
    this.client = await this.#connectClient();
    this.eve = await this.join('eve.mcollective');
    await this.#fillAudit();
  }

  // Attacks on the audit need some lines of it.
  async #fillAudit(): Promise<void> {
    for (let line = 0; line < leastLines; line += 1) await this.deliver('nonsense');
    await waitFor('lines of the audit', () => this.audit.split('\n').length > leastLines);
  }

  #logOf(who: string) {
    return createLogger({
      level: 'info',
      destination: { write: (line) => void this.log.push(`${who}: ${line}`) },
    });
  }

  /** The section `security` of a node that has a certificate. */
  securityOf(identity: string): object {
    return { ...this.#security, ...this.#files.get(identity) };
  }

  async #startDaemon(identity: string, certificate: object, more: NodeSettings): Promise<Daemon> {
    const { security: ofNode, ...others } = more;
    const config = {
      identity,
      broker: { urls: [this.broker.url] },
      state_dir: this.stateOf(identity),
      facts: { paths: [this.folder.join('facts.yaml')] },
      authorization: { policies: this.folder.join('policies') },
      ...others,
      security: { ...this.#security, ...certificate, ...ofNode },
    };
    return startDaemon({
      config: parseDaemonConfig(JSON.stringify(config)),
      configFile: 'none',
      log: this.#logOf(identity === 'web1.lab' ? 'node' : identity),
      agents: [counterAgent((input) => void this.inputs.push(input))],
    });
  }

  /** Starts another victim, which is stopped after the attack; resolves when it receives requests. */
  async addNode(identity: string, more: NodeSettings = {}): Promise<Daemon> {
    const files = this.#files.get(identity) ?? (await this.issue(identity));
    const { length } = this.log;
    const daemon = await this.#startDaemon(identity, files, more);
    this.#nodes.push(daemon);
    await waitFor(`${identity} to connect`, () =>
      this.log.slice(length).some((line) => line.startsWith(`${identity}: `) && /connected to/.test(line)),
    );
    return daemon;
  }

  /** Stops one of the victims. */
  async stopNode(daemon: Daemon): Promise<void> {
    this.#nodes.splice(this.#nodes.indexOf(daemon), 1);
    await daemon.close();
  }

  /** Where a node keeps its state. */
  stateOf(identity: string): string {
    return this.folder.join('state', identity);
  }

  #connectClient(): Promise<Client> {
    return connect({ config: loadClientConfig(this.clientConfigFile), log: this.#logOf('client') });
  }

  /** Another client of alice's, which knows nothing of any node; it is closed after the attack. */
  async newClient(): Promise<Client> {
    const client = await this.#connectClient();
    this.#clients.push(client);
    return client;
  }

  // What a CA of the network issued for other ends, or with flaws.
  async #issueOdd(): Promise<void> {
    const by = { certificate: this.pki.caCertificate, key: this.pki.caKey };
    const make = (
      alias: string,
      certificate: Omit<OddCertificate, 'by'> & Partial<Pick<OddCertificate, 'by'>>,
      more: { by?: Person & { files: OddCertificate['by'] } } = {},
    ) => {
      const made = makeOddCertificate(this.folder.path, alias.replaceAll(' ', '-'), {
        by: more.by?.files ?? by,
        ...certificate,
      });
      this.people.set(alias, { ...made, x5c: [...made.x5c, ...(more.by?.x5c ?? [])] });
      return made;
    };
    const isCa = 'basicConstraints=critical,CA:TRUE';
    make('mail of alice', { name: 'alice.mcollective', extensions: ['extendedKeyUsage=emailProtection'] });
    make('mail of web2', { name: 'web2.lab', extensions: ['extendedKeyUsage=emailProtection'] });
    make('alice as a CA', { name: 'alice.mcollective', extensions: [isCa] });
    make('web2 as a CA', { name: 'web2.lab', extensions: [isCa] });
    make('weak alice', { name: 'alice.mcollective', digest: 'sha1' });
    const limited = make('the CA of the lab', {
      name: 'lab',
      extensions: [isCa, 'nameConstraints=critical,permitted;DNS:lab'],
    });
    make('alice of the lab', { name: 'alice.mcollective' }, { by: limited });
    // A CA with the name of the true one; nothing but its signature tells the two apart.
    const [, commonName = ''] =
      /CN=(.*)/.exec(new X509Certificate(readFileSync(by.certificate)).subject) ?? [];
    const forged = await createCa({ commonName });
    const files = { certificate: this.folder.join('forged.pem'), key: this.folder.join('forged.key') };
    writeFileSync(files.certificate, forged.certificatePem);
    writeFileSync(files.key, forged.privateKeyPem);
    make('alice of a forged CA', { name: 'alice.mcollective', by: files });
  }

  /** A connection with somebody's certificate. */
  async join(who: string, options: IClientOptions = {}): Promise<Account> {
    const { name, pem } = this.person(who);
    return this.connect({ clientId: `${name}:${newId().slice(0, 8)}`, ...pem, ...options });
  }

  async connect(options: IClientOptions): Promise<Account> {
    const account = await connectMqtt(this.broker.url, {
      ca: readFileSync(this.pki.caCertificate, 'utf8'),
      ...options,
    });
    this.#accounts.push(account);
    return account;
  }

  /** How the broker refuses a connection with these options. */
  async refusal(options: IClientOptions): Promise<string> {
    try {
      await this.connect(options);
      return 'connected';
    } catch (error) {
      return `connection refused: ${(error as Error).message}`;
    }
  }

  /** A request to the victim, as of now. */
  request(parts: Record<string, unknown> = {}): Record<string, unknown> {
    return {
      v: 1,
      type: 'request',
      id: newId(),
      time: Date.now(),
      ttl: 60,
      caller: 'eve.mcollective',
      session: 's1',
      collective: 'mcollective',
      agent: 'counter',
      action: 'count',
      filter: {},
      input: {},
      ...parts,
    };
  }

  /** The same in version 2, under the DDL of the agent that is attacked. */
  request2(parts: Record<string, unknown> = {}): Record<string, unknown> {
    return this.request({ v: 2, ddl: counterHash, ...parts });
  }

  /** Signs as somebody. */
  sign(who: string, payload: object | string | Uint8Array, header: object = {}): Buffer {
    const { key, x5c } = this.person(who);
    return jws({ alg: 'RS256', typ: 'troupe+jws', x5c, ...header }, payload, key);
  }

  /** Has the broker deliver bytes to the victim: what somebody can who owns the broker. */
  async deliver(bytes: Uint8Array | string, topic = 'mco/mcollective/node/web1.lab'): Promise<void> {
    await this.eve.publish(topic, bytes);
  }

  /** An enrolment token, by alice unless told. */
  async token(more: Record<string, unknown> = {}, by = 'alice.mcollective'): Promise<string> {
    const { name, key, x5c } = this.person(by);
    const claims = {
      iss: name,
      collective: 'provisioning',
      brokers: [this.broker.url],
      ca: readFileSync(this.pki.caCertificate, 'utf8'),
      callers: '/\\.mcollective$/',
      ttlSeconds: 60,
      ...more,
    };
    return issueToken(claims, { key, chain: x5c });
  }

  enrolling(name: string, password: string): IClientOptions {
    return { clientId: name, username: name, password };
  }

  /** A receipt of an enrolment, by alice unless told. */
  async receipt(
    machine: Machine,
    more: Record<string, unknown> = {},
    by = 'alice.mcollective',
  ): Promise<string> {
    const { name, key, x5c } = this.person(by);
    const claims = {
      iss: name,
      name: 'new1.lab',
      key: machine.fingerprint,
      collective: 'provisioning',
      callers: '/\\.mcollective$/',
      token: 'a-token',
      ttlSeconds: 60,
      ...more,
    };
    return issueReceipt(claims, { key, chain: x5c });
  }

  /** Revokes a token or a receipt at the broker and at the client. */
  revoke(id: string): void {
    appendFileSync(this.folder.join('revoked'), `${id} lost\n`);
  }

  /** A message of somebody with a key of its own making. */
  selfSigned(payload: object, token?: string): Buffer {
    return newMachine().sign(payload, { ...(token && { token }) });
  }

  /** Ends the connections that an attack made. */
  async disperse(): Promise<void> {
    for (const client of this.#clients.splice(0)) await client.close();
    for (const node of this.#nodes.splice(0)) await node.close();
    for (const account of this.#accounts.splice(0)) if (account !== this.eve) await account.close();
    if (this.eve.isClosed) this.eve = await this.join('eve.mcollective');
    this.#accounts.push(this.eve);
  }

  async close(): Promise<void> {
    await this.client?.close();
    for (const node of this.#nodes) await node.close();
    await this.daemon?.close();
    for (const account of this.#accounts) await account.close();
    await this.broker?.close();
    await this.folder.close();
    if (this.#cache === undefined) delete process.env.XDG_CACHE_HOME;
    else process.env.XDG_CACHE_HOME = this.#cache;
  }
}
