import { generateKeyPairSync } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { issueReceipt, readReceipt } from '@troupe/core';
import { expect } from 'chai';
import { afterEach, before, beforeEach, describe, it } from 'mocha';
import { externalAgent } from '../../../src/agents/external/index.js';
import { type Trial, type TrialOptions, tryAgent } from '../../../src/agents/trial.js';
import { ddlOf } from './actor.js';

const text = { prompt: 'T', description: 'T', type: 'string', optional: false, maxlength: 9000 } as const;
const actions = {
  status: {},
  restart: {},
  accept_receipt: { input: { receipt: { ...text, validation: '.' } } },
};

describe('an external provision agent', () => {
  let folder: string;
  let trial: Trial | undefined;
  let asked: string[];
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'external-'));
    asked = [];
  });
  afterEach(async () => {
    await trial?.close();
    trial = undefined;
    rmSync(folder, { recursive: true });
  });

  const start = async (reply: Record<string, unknown>, options: TrialOptions = {}, isProvision = true) => {
    const program = join(folder, 'provision');
    const text = JSON.stringify({ activate: true, ...reply });
    writeFileSync(program, `#!/bin/sh\ncat > "$CHORIA_EXTERNAL_REPLY" <<'EOF'\n${text}\nEOF\n`, {
      mode: 0o755,
    });
    const agent = externalAgent({ ddl: ddlOf('provision', actions), commands: [program], isProvision });
    trial = await tryAgent(agent, {
      ...options,
      host: { reload: () => void asked.push('reload'), ...options.host },
    });
    return trial;
  };
  let receipt: string;
  before(async () => {
    const { privateKey } = generateKeyPairSync('ed25519');
    const claims = { iss: 'p.mcollective', name: 'n', key: 'a'.repeat(64), collective: 'provisioning' };
    receipt = await issueReceipt(
      { ...claims, callers: '/x/', token: 't', ttlSeconds: 60 },
      { key: privateKey, chain: [] },
    );
  });

  it('makes the daemon read its configuration after the program has agreed to a restart', async () => {
    const { statuscode, data } = await (await start({ statuscode: 0 })).call('restart');
    expect(statuscode).to.equal(0);
    expect(data).to.include({ restarting: true });
    expect(asked).to.deep.equal(['reload']);
  });

  it('restarts nothing if the program refuses, as without the lease', async () => {
    const result = await (await start({ statuscode: 1, statusmsg: 'stale token' })).call('restart');
    expect(result.statusmsg).to.equal('stale token');
    expect(asked).to.deep.equal([]);
  });

  it('hands a receipt to the daemon after the program has agreed', async () => {
    const acceptReceipt = async (given: string) => void asked.push(given);
    const running = await start({ statuscode: 0 }, { host: { acceptReceipt } });
    expect((await running.call('accept_receipt', { receipt })).data).to.include({
      serial: readReceipt(receipt).serial,
    });
    expect(asked).to.deep.equal([receipt]);
  });

  it('keeps no receipt if the program refuses', async () => {
    const acceptReceipt = async (given: string) => void asked.push(given);
    const running = await start({ statuscode: 1, statusmsg: 'no' }, { host: { acceptReceipt } });
    expect((await running.call('accept_receipt', { receipt })).statuscode).to.equal(1);
    expect(asked).to.deep.equal([]);
  });

  it('says why the daemon keeps no receipt', async () => {
    const acceptReceipt = () => Promise.reject(new Error('it is for another machine'));
    const running = await start({ statuscode: 0 }, { host: { acceptReceipt } });
    expect((await running.call('accept_receipt', { receipt })).statusmsg).to.equal(
      'the receipt is refused: it is for another machine',
    );
    await running.close();
    const other = await start({ statuscode: 0 });
    expect((await other.call('accept_receipt', { receipt })).statusmsg).to.equal(
      'this host has no enrolment token, so it needs no receipt',
    );
  });

  for (const [status, data] of [
    [
      {},
      {
        locked: false,
        disabled: false,
        quarantined: false,
        done: false,
        finished: false,
        step: null,
        owner: null,
      },
    ],
    [
      { locked: true, step: 'lock', lease: { owner: 'p/1' }, steps: [{ step: 'a', outcome: 'started' }] },
      {
        locked: true,
        disabled: false,
        quarantined: false,
        done: false,
        finished: false,
        step: 'lock',
        owner: 'p/1',
      },
    ],
    [
      { done: true, disabled: true, step: 'done', steps: [{ step: 'notify', outcome: 'started' }] },
      {
        locked: false,
        disabled: true,
        quarantined: false,
        done: true,
        finished: false,
        step: 'done',
        owner: null,
      },
    ],
    [
      { quarantined: true, steps: [{ step: 'notify', outcome: 'ok' }] },
      {
        locked: false,
        disabled: false,
        quarantined: true,
        done: false,
        finished: true,
        step: null,
        owner: null,
      },
    ],
  ] as const) {
    it(`offers the data provision, from its status ${JSON.stringify(status)}`, async () => {
      const running = await start({ statuscode: 0, data: status });
      expect(await running.data.get('provision')?.(undefined)).to.deep.equal(data);
    });
  }

  it('offers no data and restarts nothing without the role', async () => {
    const running = await start({ statuscode: 0 }, {}, false);
    expect((await running.call('restart')).statuscode).to.equal(0);
    expect([...running.data.keys()]).to.deep.equal([]);
    expect(asked).to.deep.equal([]);
  });
});
