import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import {
  ActionError,
  type AnyHandler,
  type Context,
  compileDdl,
  createLogger,
  type DataLookup,
  type Host,
  lintDdl,
  Status,
  silentLogger,
  TroupeError,
} from '@troupe/core';
import { createCsr, generateKeyPair, type KeyPair, sha256Fingerprint } from '@troupe/core/pki';
import { freePort } from '@troupe/testkit';
import { expect } from 'chai';
import { afterEach, before, beforeEach, describe, it } from 'mocha';
import { BuiltinCa } from '../src/ca/index.js';
import agent from '../src/index.js';
import { call } from './ca/behaviours.js';

const dataDdl = fileURLToPath(import.meta.resolve('@troupe/ddl/data/puppetca.json'));

describe('agent puppetca', () => {
  let stateDir: string;
  let host: Host;
  const closers: (() => void | Promise<void>)[] = [];
  const data = new Map<string, DataLookup>();
  let node: KeyPair;

  before(async () => {
    node = await generateKeyPair();
  });

  beforeEach(async () => {
    stateDir = await mkdtemp(join(tmpdir(), 'troupe-puppetca-'));
    host = {
      identity: 'ca1.example.net',
      log: silentLogger,
      stateDir,
      facts: () => ({}),
      classes: () => [],
      provideData: (name, lookup) => {
        data.set(name, lookup);
      },
      onClose: (close) => {
        closers.push(close);
      },
      reload: () => {},
    };
  });

  const close = async () => {
    for (const closer of closers.splice(0)) await closer();
  };

  afterEach(async () => {
    await close();
    await rm(stateDir, { recursive: true });
  });

  const context = {
    caller: 'rip.mcollective',
    log: silentLogger,
    signal: new AbortController().signal,
    statusmsg: () => {},
  } as unknown as Context;

  async function handlers(
    section: Record<string, unknown> = {},
  ): Promise<Readonly<Record<string, AnyHandler>>> {
    const found = await agent.setup(
      { backend: 'builtin', address: '192.0.2.1', port: 8140, ...section },
      host,
    );
    if (!found) throw new Error('the agent does not apply');
    return found;
  }

  async function run(action: string, input: Record<string, unknown> = {}, section = {}) {
    return (await handlers(section))[action]?.(input, context);
  }

  /** Submits a request as the built-in CA keeps it. */
  async function request(certname: string): Promise<string> {
    const csr = createCsr({ commonName: certname, privateKeyPem: node.privateKeyPem });
    const ca = await BuiltinCa.open({ cadir: join(stateDir, 'ca'), certname: host.identity });
    await ca.submit(certname, csr);
    return sha256Fingerprint(csr);
  }

  it('has a handler for each action of its DDL', async () => {
    expect(Object.keys(await handlers())).to.have.members(agent.ddl.actions.map(({ action }) => action));
  });

  it('has a DDL that is sound', () => {
    expect(lintDdl(agent.ddl)).to.deep.equal([]);
  });

  it('takes and answers what its DDL declares, and nothing else', async () => {
    const fingerprint = await request('web1');
    const inputs = [
      ['info', {}],
      ['list', {}],
      ['status', { certname: 'web1' }],
      ['request', { certname: 'web1' }],
      ['sign', { certname: 'web1', fingerprint }],
      ['revoke', { certname: 'web1' }],
      ['clean', { certname: 'web1' }],
    ] as const;
    await request('web2');
    for (const [action, input] of [...inputs, ['reject', { certname: 'web2' }] as const]) {
      const compiled = compileDdl(agent.ddl).action(action);
      expect(compiled?.checkInput(input), action).to.equal(undefined);
      const output = (await run(action, input)) ?? {};
      expect(compiled?.checkOutput(output), action).to.equal(undefined);
      expect(Object.keys(output), action).to.have.members(Object.keys(compiled?.ddl.output ?? {}));
    }
  });

  it('does not apply on a host without a section', async () => {
    expect(await agent.setup({}, host)).to.equal(undefined);
  });

  it('does not start with a section that is wrong', async () => {
    const error = await agent.setup({ backend: 'builtin' }, host).catch((reason: unknown) => reason);
    expect(error).to.be.instanceOf(TroupeError);
    expect((error as TroupeError).message).to.include(
      '"address" is missing: set it to the address at which nodes connect to the CA',
    );
  });

  it('takes a request to a certificate and away again', async () => {
    expect(await run('status', { certname: 'web1' })).to.include({ msg: 'not found', state: 'missing' });
    const fingerprint = await request('web1');
    expect(await run('status', { certname: 'web1' })).to.include({ msg: 'awaiting signature', fingerprint });
    expect(await run('list')).to.deep.include({ requests: ['web1'], signed: [], revoked: [] });
    expect(await run('sign', { certname: 'web1', fingerprint })).to.include({
      out: 'Signed web1, serial number 01',
      csr_fingerprint: fingerprint,
      serial: '01',
    });
    expect(await run('list', { state: 'signed' })).to.deep.include({ requests: [], signed: ['web1'] });
    expect(await run('revoke', { certname: 'web1' })).to.deep.equal({
      out: 'Revoked the certificate of web1',
      revoked: true,
    });
    expect(await run('revoke', { certname: 'web1' })).to.deep.equal({
      out: 'The certificate of web1 was already revoked',
      revoked: false,
    });
    expect(await run('clean', { certname: 'web1' })).to.deep.equal({
      out: 'Cleaned web1: deleted',
      revoked: false,
      deleted: true,
    });
    expect(await run('clean', { certname: 'web1' })).to.deep.equal({
      out: 'Nothing to clean: the CA has no certificate or request of web1',
      revoked: false,
      deleted: false,
    });
  });

  it('answers the data function puppetca() as its DDL says', async () => {
    const fingerprint = await request('web1');
    await handlers();
    const ddl = JSON.parse(await readFile(dataDdl, 'utf8'));
    const ask = async (name: string) => data.get('puppetca')?.(name);
    expect(await ask('nobody')).to.deep.equal({ status: 'missing', expires: null });
    expect(await ask('web1')).to.deep.equal({ status: 'waiting', expires: null });
    await run('sign', { certname: 'web1', fingerprint });
    const answer = await ask('web1');
    expect(answer).to.include({ status: 'signed' });
    expect(Object.keys(answer ?? {})).to.have.members(Object.keys(ddl.output));
    expect(ddl.metadata.name).to.equal('puppetca');
  });

  it('says of a cleaning what it did', async () => {
    await run('sign', { certname: 'web1', fingerprint: await request('web1') });
    expect(await run('clean', { certname: 'web1' })).to.deep.equal({
      out: 'Cleaned web1: revoked and deleted',
      revoked: true,
      deleted: true,
    });
  });

  it('lists names by their states, and all that is known of them', async () => {
    for (const name of ['b', 'a', 'c'])
      await run('sign', { certname: name, fingerprint: await request(name) });
    await run('revoke', { certname: 'b' });
    await request('d');
    const { certificates, ...names } = (await run('list')) as Record<string, { certname: string }[]>;
    const complete = { total: 4, next: null };
    expect(names).to.deep.equal({ requests: ['d'], signed: ['a', 'c'], revoked: ['b'], ...complete });
    expect(await run('list', { limit: 2, match: '/^[abd]$/' })).to.deep.include({
      requests: [],
      signed: ['a'],
      revoked: ['b'],
      total: 3,
      next: 'b',
    });
    expect(certificates?.map(({ certname }) => certname)).to.deep.equal(['a', 'b', 'c', 'd']);
  });

  it('says in words what state a name is in', async () => {
    const fingerprint = await request('web1');
    const wordsOf = async () => ((await run('status', { certname: 'web1' })) as { msg: string }).msg;
    const seen = [await wordsOf()];
    await run('sign', { certname: 'web1', fingerprint });
    seen.push(await wordsOf());
    await run('revoke', { certname: 'web1' });
    seen.push(await wordsOf());
    await run('clean', { certname: 'web1' });
    seen.push(await wordsOf());
    expect(seen).to.deep.equal(['awaiting signature', 'signed', 'revoked', 'not found']);
  });

  it('notes what it changed in its log', async () => {
    const lines: string[] = [];
    const log = createLogger({ level: 'info', destination: { write: (line) => void lines.push(line) } });
    const act = async (action: string, input: Record<string, unknown>) =>
      (await handlers())[action]?.(input, { ...context, log });
    const fingerprint = await request('web1');
    await request('web2');
    await act('sign', { certname: 'web1', fingerprint });
    const rejected = await act('reject', { certname: 'web2' });
    await act('revoke', { certname: 'web1' });
    await act('clean', { certname: 'web1' });
    expect(rejected)
      .to.have.property('fingerprint')
      .that.matches(/^[0-9A-F]{2}(:[0-9A-F]{2}){31}$/);
    const noted = lines.map((line) => JSON.parse(line) as Record<string, unknown>);
    expect(noted.map(({ msg, certname }) => `${msg} ${certname}`)).to.deep.equal([
      'certificate signed web1',
      'certificate request rejected web2',
      'certificate revoked web1',
      'certificate cleaned web1',
    ]);
    expect(noted[0]).to.include({ serial: '01', csr_fingerprint: fingerprint });
    expect(noted[3]).to.include({ revoked: false, deleted: true });
  });

  it('keeps from the caller what failed for no reason of the CA', async () => {
    const found = await handlers();
    await rm(join(stateDir, 'ca', 'signed'), { recursive: true });
    const list = await Promise.resolve(found.list?.({}, context)).catch((reason: unknown) => reason);
    expect(list).to.not.be.instanceOf(ActionError);
    expect(list).to.have.property('code', 'ENOENT');
  });

  it('tells the caller of a certificate of the CA that is damaged', async () => {
    const found = await handlers();
    await writeFile(join(stateDir, 'ca', 'signed', 'odd.pem'), 'nonsense');
    const error = await Promise.resolve(found.status?.({ certname: 'odd' }, context)).catch(
      (reason: unknown) => reason,
    );
    expect(error).to.be.instanceOf(ActionError).with.property('status', Status.aborted);
  });

  for (const [action, input, status, message] of [
    [
      'sign',
      { certname: 'web1', fingerprint: '00' },
      Status.aborted,
      /Cannot sign web1: the CA has no request/,
    ],
    ['clean', { certname: 'ops.mcollective' }, Status.aborted, /never cleaned by this agent/],
    ['status', { certname: 'A/..' }, Status.invalidData, /Invalid certname/],
  ] as const) {
    it(`tells the caller why ${action} ${input.certname} fails`, async () => {
      const error = await run(action, input).catch((reason: unknown) => reason);
      expect(error).to.be.instanceOf(ActionError).with.property('status', status);
      expect((error as ActionError).message).to.match(message);
    });
  }

  it('serves nodes where it is told to listen, again after a reload, and not when it is closed', async () => {
    const port = await freePort();
    const listening = { backend: 'builtin', listen: { address: '127.0.0.1', port } };
    const reach = async () => {
      const ca = await BuiltinCa.open({ cadir: join(stateDir, 'ca'), certname: host.identity });
      const caCertificatePem = (await ca.caCertificate()).toString();
      return (await call({ address: '127.0.0.1', port, caCertificatePem }, 'GET', 'certificate/ca')).status;
    };
    for (let start = 0; start < 2; start += 1) {
      await close();
      await agent.setup(listening, host);
      expect(await reach()).to.equal(200);
    }
    await close();
    expect(await reach().catch((error: NodeJS.ErrnoException) => error.code)).to.equal('ECONNREFUSED');
  });
});
