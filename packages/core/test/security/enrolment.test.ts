import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { afterEach, before, beforeEach, describe, it } from 'mocha';
import type { SecurityConfig } from '../../src/config/sections.js';
import { createLogger, type Logger } from '../../src/log/logger.js';
import { endEnrolment } from '../../src/security/enrolment.js';
import { envelopeType, headerOf } from '../../src/security/jws.js';
import { nodeSecurity } from '../../src/security/modes.js';
import type { Own } from '../../src/security/own.js';
import { issueReceipt, readReceipt } from '../../src/security/receipt.js';
import { issueToken, readToken } from '../../src/security/token.js';
import { TrustStore } from '../../src/security/trust.js';
import { createVerifier } from '../../src/security/verifier.js';
import { fixture } from './pki-fixture.js';

const callers = '/\\.mcollective$/';
const broker = { urls: ['mqtts://b'], keepalive: 30 };

describe('a machine with an enrolment token', () => {
  let prov: Own;
  let stranger: Own;
  let ca: string;
  let folder: string;
  let state: string;
  let token: string;
  let lines: string[];
  before(async () => {
    const pki = await fixture();
    ca = pki.ca.certificatePem;
    prov = await pki.issue('prov.mcollective');
    stranger = await pki.issue('web9.lab');
  });
  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'troupe-enrolment-'));
    state = join(folder, 'state');
    mkdirSync(state);
    token = await tokenFor(60);
    lines = [];
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  const tokenFor = (ttlSeconds: number) =>
    issueToken(
      {
        iss: 'prov.mcollective',
        collective: 'provisioning',
        brokers: ['mqtts://b'],
        ca,
        callers,
        ttlSeconds,
      },
      prov,
    );
  const file = () => join(folder, 'token');
  const config = (): SecurityConfig => {
    writeFileSync(file(), `${token}\n`, { mode: 0o600 });
    return { mode: 'token', token: file(), callers: { match: callers }, tokens: {}, minimum_protocol: 1 };
  };
  const start = (identity = 'web1', more: { log?: Logger; isTrial?: boolean } = {}) =>
    nodeSecurity({ config: config(), broker, identity, stateDir: state, ...more });
  type Machine = ReturnType<typeof start>;
  const headerFrom = async ({ signer }: Machine) =>
    headerOf(await signer.sign(Buffer.from('{}')), envelopeType);
  const verifier = () => {
    const trust = new TrustStore({ ca });
    return createVerifier({ certificates: { trust }, tokens: { trust, issuers: callers } });
  };
  const proofFrom = async ({ signer }: Machine) =>
    (await verifier().verify(await signer.sign(Buffer.from('{}')))).proof;
  const receiptFor = async (machine: Machine, more: object = {}, by: Own = prov, ttlSeconds = 600) => {
    const claims = {
      iss: by.name,
      name: 'web1',
      key: (await proofFrom(machine)).key,
      collective: 'provisioning',
      callers,
    };
    return issueReceipt({ ...claims, token: readToken(token).jti, ttlSeconds, ...more }, by);
  };

  it('shows its receipt in the place of the token from then on, which proves its name', async () => {
    const machine = start();
    const receipt = await receiptFor(machine, { replace: true });
    await machine.acceptReceipt?.(receipt);
    const header = await headerFrom(machine);
    expect(header).to.have.keys('alg', 'typ', 'jwk', 'receipt');
    expect(header.receipt).to.equal(receipt);
    const { serial, exp } = readReceipt(receipt);
    expect(await proofFrom(machine)).to.deep.include({
      name: 'web1',
      vouchedBy: 'token',
      collective: 'provisioning',
      enrolment: {
        token: readToken(token).jti,
        replace: true,
        callers,
        receipt: { serial, ends: exp * 1000 },
      },
    });
    expect(machine.expires?.()).to.equal(exp * 1000);
  });

  it('has its receipt after a restart, for itself alone', async () => {
    const machine = start();
    const receipt = await receiptFor(machine);
    await machine.acceptReceipt?.(receipt);
    expect(statSync(join(state, 'enrolment.receipt')).mode & 0o777).to.equal(0o600);
    expect((await headerFrom(start())).receipt).to.equal(receipt);
  });

  it('goes on with its receipt, at the broker too, when the token has expired', async () => {
    token = await tokenFor(1);
    const machine = start();
    const receipt = await receiptFor(machine);
    await machine.acceptReceipt?.(receipt);
    expect(machine.credentials.password).to.equal(token);
    const { now } = Date;
    try {
      Date.now = () => now() + 5000;
      expect(machine.credentials.password).to.equal(receipt);
      expect((await headerFrom(start())).receipt).to.equal(receipt);
      expect(start().credentials.password).to.equal(receipt);
      Date.now = () => now() + 700_000;
      // The receipt is over, too; or this clock is wrong, which the broker and the provisioner know better.
      expect(start().credentials.password).to.equal(token);
      expect((await headerFrom(start())).token).to.equal(token);
    } finally {
      Date.now = now;
    }
  });

  it('shows a new token that replaces the one for which it has a receipt', async () => {
    const machine = start();
    await machine.acceptReceipt?.(await receiptFor(machine));
    token = await tokenFor(60);
    expect((await headerFrom(start())).token).to.equal(token);
  });

  it('shows its token under another name, and with another key, than those of its receipt', async () => {
    const machine = start();
    await machine.acceptReceipt?.(await receiptFor(machine));
    expect((await headerFrom(start('web2'))).token).to.equal(token);
    rmSync(join(state, 'enrolment.key'));
    expect((await headerFrom(start())).token).to.equal(token);
  });

  const log = () =>
    createLogger({ level: 'info', format: 'json', destination: { write: (line) => lines.push(line) } });
  const logged = () => lines.map((line) => JSON.parse(line) as Record<string, unknown>);

  it('shows its token if its receipt is damaged, which is moved aside and logged', async () => {
    writeFileSync(join(state, 'enrolment.receipt'), 'nonsense', { mode: 0o600 });
    expect((await headerFrom(start('web1', { log: log() }))).token).to.equal(token);
    expect(readFileSync(join(state, 'enrolment.receipt.damaged'), 'utf8')).to.equal('nonsense');
    expect(logged()).to.have.length(1);
    expect(logged()[0]).to.include({ level: 50, file: join(state, 'enrolment.receipt') });
  });

  for (const [what, text] of [
    ['empty', ''],
    ['damaged', '-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n'],
  ] as const) {
    it(`makes another key if its own is ${what}, and says so with the name of the file`, async () => {
      const key = join(state, 'enrolment.key');
      writeFileSync(key, text, { mode: 0o600 });
      const machine = start('web1', { log: log() });
      const { key: fingerprint } = await proofFrom(machine);
      expect(readFileSync(`${key}.damaged`, 'utf8')).to.equal(text);
      expect(logged()).to.have.length(1);
      expect(logged()[0]).to.include({ level: 50, file: key, moved_to: `${key}.damaged` });
      expect(logged()[0]?.msg).to.include('the enrolment key is empty or damaged');
      expect((await proofFrom(start())).key, 'the new one is kept').to.equal(fingerprint);
    });
  }

  it('has a key in memory while it cannot write, and keeps it together with its receipt', async () => {
    rmSync(state, { recursive: true });
    const machine = start('web1', { log: log() });
    const { key } = await proofFrom(machine);
    expect(logged().map(({ level, msg }) => [level, msg])).to.deep.equal([
      [50, 'the enrolment key is only in memory: after a restart this machine has another one'],
      [50, 'cannot note the path of the enrolment token: it is not removed when this host has a certificate'],
    ]);
    expect(logged()[0]?.reason).to.equal(
      `ENOENT: no such file or directory, open '${join(state, 'enrolment.key')}'`,
    );
    const receipt = await receiptFor(machine);
    const refused = await machine.acceptReceipt?.(receipt).catch((error: Error) => error);
    expect(refused).to.have.property('message').that.includes('/enrolment.key');
    mkdirSync(state);
    await machine.acceptReceipt?.(receipt);
    const restarted = start('web1', { log: log() });
    expect((await proofFrom(restarted)).key).to.equal(key);
    expect((await headerFrom(restarted)).receipt).to.equal(receipt);
  });

  it('writes nothing if it is only tried', () => {
    writeFileSync(join(state, 'enrolment.key'), '', { mode: 0o600 });
    start('web1', { log: log(), isTrial: true });
    expect(readdirSync(state)).to.deep.equal(['enrolment.key']);
    expect(logged()).to.have.length(1);
  });

  for (const [what, more, reason] of [
    ['another name', { name: 'web2' }, 'it is for the name web2'],
    ['another key', { key: 'ab'.repeat(32) }, 'it is for a machine with another key'],
    ['another token', { token: 'other' }, 'is for another token'],
    ['another collective', { collective: 'mcollective' }, 'is for another token'],
  ] as const) {
    it(`refuses a receipt for ${what}, and goes on with its token`, async () => {
      const machine = start();
      const refused = await machine
        .acceptReceipt?.(await receiptFor(machine, more))
        .catch((error: Error) => error);
      expect(refused).to.have.property('message').that.includes(reason);
      expect((await headerFrom(machine)).token).to.equal(token);
      expect(existsSync(join(state, 'enrolment.receipt'))).to.equal(false);
    });
  }

  it('refuses a receipt that no caller of its token has signed', async () => {
    const machine = start();
    const refused = await machine
      .acceptReceipt?.(await receiptFor(machine, {}, stranger))
      .catch((error: Error) => error);
    expect(refused).to.have.property('message').that.includes('is signed by "web9.lab"');
  });

  it('keeps nothing of its enrolment once it has a certificate, not even the token', async () => {
    const machine = start();
    await machine.acceptReceipt?.(await receiptFor(machine));
    endEnrolment(state, log());
    expect([existsSync(file()), readdirSync(state)]).to.deep.equal([false, []]);
    // And has nothing to do the next time.
    writeFileSync(file(), 'of somebody else');
    endEnrolment(state, log());
    expect(readFileSync(file(), 'utf8')).to.equal('of somebody else');
  });

  it('says so where the token cannot be removed, and tries again', () => {
    start();
    rmSync(file());
    mkdirSync(file());
    endEnrolment(state, log());
    expect(lines.join()).to.include('cannot remove the enrolment token').and.to.include(file());
    expect(readdirSync(state)).to.include('enrolment.key');
    rmSync(file(), { recursive: true });
    endEnrolment(state, log());
    expect(readdirSync(state)).to.deep.equal([]);
  });
});
