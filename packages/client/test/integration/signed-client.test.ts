import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { type Ddl, ddlHash } from '@troupe/core';
import {
  createTempFolder,
  createTestPki,
  type IssuedCertificate,
  skip,
  startProcess,
  type TempFolder,
  type TestPki,
  testBrokers,
} from '@troupe/testkit';
import { expect } from 'chai';
import { after, before, describe, it } from 'mocha';
import { PlayedNode } from './played-node.js';
import { Stage } from './stage.js';
import { stageDdl } from './stage-agent.js';
import { startTap } from './tap.js';

const fromRoot = (path: string) => fileURLToPath(new URL(`../../../../../${path}`, import.meta.url));
const program = fromRoot('examples/signed-client-python/call.py');
const python = '/usr/bin/python3';
const caller = 'rip.mcollective';

describe('a client in Python, written from docs/protocol.md only, through Mosquitto with TLS', function () {
  this.timeout(60_000);
  let folder: TempFolder;
  let pki: TestPki;
  let stage: Stage;
  const files = new Map<string, IssuedCertificate>();

  before(async function () {
    const missing = testBrokers.mosquitto.missing() ?? libraries();
    if (missing) skip(this, missing);
    folder = await createTempFolder({ prefix: 'troupe-python' });
    pki = await createTestPki(folder.join('pki'));
    for (const name of ['one.lab', 'played.lab', caller]) files.set(name, await pki.issue(name));
    const broker = await testBrokers.mosquitto.start({
      pki,
      folder: folder.path,
      callers: [caller],
      nodes: ['one.lab', 'played.lab'],
    });
    stage = new Stage({ broker, names: { pki, files }, folder, prefix: 'python' });
    await stage.startNode('one.lab');
    await stage.answering(await stage.connect(caller), ['one.lab']);
  });
  after(async () => {
    await stage?.[Symbol.asyncDispose]();
    await folder?.close();
  });

  const brokerPort = () => Number(new URL(stage.broker.callerUrls[0] ?? '').port);

  async function call(
    words: readonly string[],
    given: { ca?: string; seconds?: number; port?: number } = {},
  ) {
    const { ca = pki.caCertificate, seconds = 30, port = brokerPort() } = given;
    const own = files.get(caller);
    const access = ['--ca', ca, '--certificate', own?.certificate ?? '', '--key', own?.key ?? ''];
    const where = ['--host', '127.0.0.1', '--port', `${port}`, '--seconds', `${seconds}`];
    const process = startProcess(python, [program, ...where, ...access, ...words]);
    const { code } = await process.exited;
    return { code, lines: process.output.trim().split('\n') };
  }

  it('calls an action and reads its result', async () => {
    const { code, lines } = await call(['one.lab', 'rpcutil', 'get_fact', 'fact=name']);
    expect(JSON.parse(lines[0] ?? '')).to.deep.include({
      sender: 'one.lab',
      outcome: 'ok',
      statuscode: 0,
      data: { fact: 'name', value: 'one.lab' },
    });
    expect(code).to.equal(0);
  });

  it('reads progress', async () => {
    const { code, lines } = await call(['one.lab', 'stage', 'steps', 'steps=3']);
    const last = JSON.parse(lines.at(-1) ?? '');
    expect(lines.slice(0, -1)).to.deep.equal(['{"step": 1}', '{"step": 2}', '{"step": 3}']);
    expect(last.data).to.deep.equal({ last: 3 });
    expect(code).to.equal(0);
  });

  it('exchanges secrets that the broker cannot read', async () => {
    const own = files.get(caller);
    if (!own) throw new Error('no certificate');
    await using tap = await startTap(brokerPort(), { pki, caller: own });
    await writeFile(folder.join('password'), 'hunter2\n');
    const password = `password=@${folder.join('password')}`;
    const { code, lines } = await call(['one.lab', 'stage', 'unlock', 'name=blue', password], tap);
    expect(JSON.parse(lines.at(-1) ?? '')).to.deep.include({
      outcome: 'ok',
      data: { name: 'blue', token: 'token for hunter2' },
    });
    expect(code).to.equal(0);
    const read = tap.read();
    expect(read)
      .to.match(/"input": \{"name": "blue"\}/)
      .and.to.contain('"data":{"name":"blue"}');
    expect(read)
      .to.match(/"secret": "ey/)
      .and.to.contain('"secret":"ey');
    expect(read).to.not.contain('hunter2');
  });

  it('uses the DDL on its disk if it is the one of the node', async () => {
    await writeFile(folder.join('stage.json'), JSON.stringify(stageDdl, null, 2));
    const words = ['--ddl', folder.join('stage.json'), 'one.lab', 'stage', 'steps', 'steps=1'];
    expect(await call(words)).to.have.property('code', 0);
  });

  it('sends no input under a DDL that is not the one of the node', async () => {
    const other = { ...stageDdl, metadata: { ...stageDdl.metadata, version: '0.9.0' } };
    await writeFile(folder.join('other.json'), JSON.stringify(other));
    const words = ['--ddl', folder.join('other.json'), 'one.lab', 'stage', 'steps', 'steps=1'];
    const { code, lines } = await call(words);
    expect(lines).to.deep.equal([
      `the DDL of stage is not the one that one.lab has: its hash there is ${ddlHash(stageDdl)}`,
    ]);
    expect(code).to.equal(1);
  });

  describe('with a node that', () => {
    const replaced = { ...stageDdl, metadata: { ...stageDdl.metadata, version: '2.0.0' } };
    const words = ['played.lab', 'stage', 'unlock', 'name=blue', 'password=hunter2'];

    const play = (reply: Parameters<typeof PlayedNode.start>[2]) => {
      const own = files.get('played.lab');
      const [url] = stage.broker.nodeUrls;
      if (!own || url === undefined) throw new Error('no certificate or broker');
      return PlayedNode.start('played.lab', { pki, own, url }, reply);
    };
    const ddlOf = (ddl: Ddl) => ({ version: ddl.metadata.version, hash: ddlHash(ddl) });
    const given = (ddl: Ddl) => ({ data: { ddl, hash: ddlHash(ddl) } });
    const unlocks = (node: PlayedNode) =>
      node.asked.filter(({ request }) => request.agent === 'stage' && request.ddl !== undefined);

    it('is restarted, agrees on another key and sends the same request again', async () => {
      let isRestarted = false;
      await using node = await play(({ request, secrets }, self) => {
        if (request.agent === 'discovery') return given(stageDdl);
        if (request.ddl === undefined) return { outcome: 'ddl-mismatch', ddl: ddlOf(stageDdl) };
        if (isRestarted) return { data: { name: 'blue' }, secrets: { token: JSON.stringify(secrets) } };
        isRestarted = true;
        self.restart();
        return { outcome: 'busy' };
      });
      const { code, lines } = await call(words);
      const { data } = JSON.parse(lines.at(-1) ?? '');
      expect(data).to.deep.equal({ name: 'blue', token: '{"password":"hunter2"}' });
      expect(code).to.equal(0);
      const [first, second, ...more] = unlocks(node).map(({ request }) => request);
      expect(more).to.deep.equal([]);
      expect(second?.id).to.equal(first?.id);
    });

    it('has its agent replaced, takes the new DDL', async () => {
      let current: Ddl = stageDdl;
      await using node = await play(({ request }) => {
        if (request.agent === 'discovery') return given(current);
        if (request.ddl === ddlHash(replaced)) return { data: { name: 'blue' } };
        if (request.ddl === ddlHash(stageDdl)) current = replaced;
        return { outcome: 'ddl-mismatch', ddl: ddlOf(current) };
      });
      const { code } = await call(words);
      expect(code).to.equal(0);
      const hashes = unlocks(node).map(({ request }) => request.ddl);
      expect(hashes).to.deep.equal([ddlHash(stageDdl), ddlHash(replaced)]);
    });

    it('sends another DDL than it states, sends it no input', async () => {
      await using node = await play(({ request }) =>
        request.agent === 'discovery' ? given(replaced) : { outcome: 'ddl-mismatch', ddl: ddlOf(stageDdl) },
      );
      const { code, lines } = await call(words);
      expect(lines.at(-1)).to.match(/^the DDL of stage is not the one that played\.lab has/);
      expect(code).to.equal(1);
      expect(unlocks(node)).to.deep.equal([]);
    });

    for (const outcome of ['unsupported', 'denied'] as const) {
      it(`replies ${outcome}, reports that and sends nothing more`, async () => {
        await using node = await play(() => ({ outcome }));
        const { code, lines } = await call(words);
        expect(JSON.parse(lines.at(-1) ?? '')).to.include({ outcome });
        expect(code).to.equal(2);
        expect(node.asked).to.have.length(1);
      });
    }
  });

  it('computes the test vectors of the protocol', () => {
    const check = fromRoot('examples/signed-client-python/check_vectors.py');
    const vectors = fromRoot('docs/reference/protocol-vectors.json');
    const { status, stdout, stderr } = spawnSync(python, [check, vectors], { encoding: 'utf8' });
    expect(stderr).to.equal('');
    expect(stdout).to.equal('all vectors are right\n');
    expect(status).to.equal(0);
  });

  for (const [words, outcome] of [
    [['one.lab', 'rpcutil', 'nonsense'], { outcome: 'failed', statuscode: 2 }],
    [['one.lab', 'stage', 'steps', 'steps=many'], { outcome: 'failed', statuscode: 4 }],
    [['one.lab', 'nowhere', 'steps'], { outcome: 'failed', statuscode: 2 }],
  ] as const) {
    it(`receives the error of ${words.slice(1).join(' ')}`, async () => {
      const { code, lines } = await call(words);
      expect(JSON.parse(lines.at(-1) ?? '')).to.include(outcome);
      expect(code).to.equal(2);
    });
  }

  it('reports that a node that does not exist did not reply', async () => {
    const { code, lines } = await call(['two.lab', 'rpcutil', 'ping'], { seconds: 3 });
    expect(lines.at(-1)).to.equal('no reply from two.lab within 3 seconds');
    expect(code).to.equal(1);
  });

  it('does not talk to a broker of another CA', async () => {
    const other = await createTestPki(folder.join('other'));
    const { code, lines } = await call(['one.lab', 'rpcutil', 'ping'], { ca: other.caCertificate });
    expect(lines.at(-1)).to.match(/CERTIFICATE_VERIFY_FAILED/);
    expect(code).to.equal(1);
  });
});

function libraries(): string | undefined {
  if (!existsSync(python)) return 'Python 3 is not installed';
  const { status } = spawnSync(python, ['-c', 'import paho.mqtt.client, cryptography']);
  return status === 0 ? undefined : 'python3-paho-mqtt or python3-cryptography is not installed';
}
