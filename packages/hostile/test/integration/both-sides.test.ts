import { appendFileSync, readFileSync, writeFileSync } from 'node:fs';
import { createLogger, createVerifier, readToken, TrustStore } from '@troupe/core';
import { type Daemon, openAuditEvent, parseDaemonConfig, startDaemon } from '@troupe/daemon';
import { waitFor } from '@troupe/testkit';
import { expect } from 'chai';
import { after, afterEach, before, describe, it } from 'mocha';
import { AttackNetwork } from '../../src/attack-network.js';
import { ask } from '../../src/attacks/victim.js';

describe('what both sides are told', function () {
  this.timeout(30_000);
  let network: AttackNetwork;
  let daemon: Daemon | undefined;
  before(async () => {
    network = await AttackNetwork.create();
  });
  after(() => network?.close());
  afterEach(async () => {
    await daemon?.close();
    daemon = undefined;
    await network.disperse();
  });

  /** A machine that enrols; resolves with what its log says. */
  async function enrol(name: string, token: string): Promise<string[]> {
    const lines: string[] = [];
    const log = createLogger({ level: 'info', destination: { write: (line) => void lines.push(line) } });
    const file = network.folder.join(`${name}.token`);
    writeFileSync(file, token, { mode: 0o600 });
    const config = {
      identity: name,
      security: { mode: 'token', token: file },
      state_dir: network.folder.join(name),
      facts: { paths: [network.folder.join('facts.yaml')] },
    };
    daemon = await startDaemon({
      config: parseDaemonConfig(JSON.stringify(config)),
      configFile: 'none',
      log,
    });
    return lines;
  }
  const says = (lines: readonly string[], words: string) =>
    waitFor(words, () => lines.some((line) => line.includes(words)));

  it('of a token that is good: the machine comes in', async () => {
    await says(
      await enrol('new1.lab', await network.token({ uses: 1, facts: ['secret=abc'] })),
      'connected to the broker',
    );
  });

  it('of a token that is revoked', async () => {
    const token = await network.token();
    const { jti } = readToken(token);
    appendFileSync(network.folder.join('revoked'), `${jti}\n`);
    const lines = await enrol('new2.lab', token);
    await says(lines, `the enrolment token ${jti} may be revoked or used up: see the log of the broker`);
    await says(network.log, `the enrolment token ${jti} was rejected: it is revoked`);
  });

  it('of a token that is used up', async () => {
    const token = await network.token({ uses: 1 });
    await says(await enrol('new3.lab', token), 'connected to the broker');
    await daemon?.close();
    await says(await enrol('new4.lab', token), 'may be revoked or used up');
    await says(network.log, 'it is used up: 1 machines have used it');
  });

  it('of a token that is over: the broker decides, because the clock of the machine may be wrong', async () => {
    const lines = await enrol('new5.lab', await network.token({ ttlSeconds: -60 }));
    await says(lines, 'the enrolment token has expired, or the clock of this machine is wrong');
    await says(network.log, 'the enrolment token expired at');
  });

  it('of a token for other machines: the machine does not even start', async () => {
    const refused = await enrol('new6.lab', await network.token({ facts: ['secret=xyz'] })).catch(
      (error: Error) => error.message,
    );
    expect(refused).to.include('the enrolment token is only for machines with secret=xyz');
  });

  it('of a request: a collector hears the very line of the audit', async () => {
    const collector = await network.join('alice.mcollective');
    await collector.subscribe('mco/mcollective/event/#');
    await ask(network, network.request());
    const event = await waitFor('the event', () => collector.heard[0]);
    const trust = new TrustStore({ ca: readFileSync(network.pki.caCertificate, 'utf8') });
    const verifier = createVerifier({ certificates: { trust } });
    const { line } = await openAuditEvent(event.payload, 'web1.lab', verifier);
    expect(readFileSync(network.auditFile, 'utf8').split('\n')).to.include(line);
    const forged = network.sign('web2.lab', {
      v: 1,
      type: 'event',
      kind: 'audit',
      sender: 'web1.lab',
      collective: 'mcollective',
      time: 1,
      line,
    });
    const refused = await openAuditEvent(forged, 'web1.lab', verifier).catch((error: Error) => error.message);
    expect(refused).to.equal('an event published on the topic of "web1.lab" comes from "web2.lab"');
  });
});
