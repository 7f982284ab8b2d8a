import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { verifyAudit } from '@troupe/daemon';
import { type RunningProcess, startProcess, waitFor, writePolicies } from '@troupe/testkit';
import { expect } from 'chai';
import { after, before, describe, it } from 'mocha';
import { AttackNetwork } from '../../src/attack-network.js';
import { payloadOf } from '../../src/jws.js';

const mcod = fileURLToPath(import.meta.resolve('@troupe/daemon/mcod'));

// An agent as a file: it notes each run, and may wait for ever.
const agent = (notes: string) => `
import { appendFileSync } from 'node:fs';
const action = (name) => ({ action: name, description: name, mutating: true, input: {}, output: {} });
export default {
  ddl: {
    metadata: { name: 'notes', description: 'x', author: 'x', license: 'x', version: '1.0.0', url: 'https://example.com', timeout: 60 },
    actions: [action('note'), action('wait')],
  },
  setup: async () => ({
    note: () => { appendFileSync(${JSON.stringify(notes)}, 'note\\n'); return {}; },
    wait: async () => { appendFileSync(${JSON.stringify(notes)}, 'wait\\n'); await new Promise(() => setInterval(() => {}, 1000)); },
  }),
};
`;

describe('a daemon that is killed and started again', function () {
  this.timeout(60_000);
  let network: AttackNetwork;
  let daemon: RunningProcess;
  let notes: string;

  before(async () => {
    network = await AttackNetwork.create();
    await network.issue('web3.lab');
    notes = network.folder.join('notes');
    writeFileSync(network.folder.join('agent.mjs'), agent(notes));
    const own = network.folder.join('pki', 'web3.lab');
    const config = {
      broker: { urls: [network.broker.url] },
      security: {
        ca: network.pki.caCertificate,
        crl: network.pki.crl,
        certificate: `${own}.pem`,
        key: `${own}-key.pem`,
      },
      state_dir: network.folder.join('web3'),
      agents: ['./agent.mjs'],
      facts: { paths: [] },
      audit: { file: network.folder.join('web3.jsonl') },
      authorization: { policies: writePolicies(network.folder.join('pki'), ['*']) },
    };
    writeFileSync(network.folder.join('mcod.yaml'), JSON.stringify(config));
    await network.eve.subscribe('mco/mcollective/reply/eve.mcollective/s1/#');
    await start();
  });
  after(async () => {
    await daemon?.stop();
    await network?.close();
  });

  async function start(): Promise<void> {
    daemon = startProcess(process.execPath, [mcod, '--config', network.folder.join('mcod.yaml')]);
    await daemon.waitForLine('connected to the broker');
  }
  async function killAndStart(): Promise<void> {
    daemon.kill('SIGKILL');
    await daemon.exited;
    await start();
  }
  const send = (bytes: Uint8Array) => network.eve.publish('mco/mcollective/node/web3.lab', bytes);
  async function answer(bytes: Uint8Array): Promise<Record<string, unknown>> {
    const { id } = payloadOf(bytes);
    const { length } = network.eve.heard;
    await send(bytes);
    return waitFor('an answer', () =>
      network.eve.heard
        .slice(length)
        .map(({ payload }) => payloadOf(payload))
        .find((reply) => reply.id === id && reply.kind === 'result'),
    );
  }
  const noted = () => (existsSync(notes) ? readFileSync(notes, 'utf8').trim().split('\n') : []);

  it('does not run a request again that it ran before, within its time', async () => {
    const bytes = network.sign(
      'eve.mcollective',
      network.request({ agent: 'notes', action: 'note', ttl: 3600 }),
    );
    expect((await answer(bytes)).outcome).to.equal('ok');
    await killAndStart();
    const { outcome, statusmsg } = await answer(bytes);
    expect(outcome).to.equal('unknown');
    expect(statusmsg).to.include('already started this request');
    expect(noted()).to.deep.equal(['note']);
  });

  it('does not run one again that was at work when it was killed', async () => {
    const bytes = network.sign(
      'eve.mcollective',
      network.request({ agent: 'notes', action: 'wait', ttl: 3600 }),
    );
    await send(bytes);
    await waitFor('the action to begin', () => noted().includes('wait'));
    await killAndStart();
    expect((await answer(bytes)).outcome).to.equal('unknown');
    expect(noted()).to.deep.equal(['note', 'wait']);
  });

  it('goes on with the chain of its audit', async () => {
    const { fault, isWhole, lines } = await verifyAudit(network.folder.join('web3.jsonl'));
    expect({ fault, isWhole, lines }).to.deep.equal({ fault: undefined, isWhole: true, lines: 3 });
  });
});
