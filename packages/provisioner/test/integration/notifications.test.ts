import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { type Broker, startBroker } from '@troupe/broker';
import { silentLogger } from '@troupe/core';
import {
  createTempFolder,
  freePort,
  type RunningProcess,
  skip,
  startProcess,
  type TempFolder,
  waitFor,
} from '@troupe/testkit';
import { expect } from 'chai';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { eventId, waitingNotification } from '../../src/events/notification.js';
import { Outbox } from '../../src/events/outbox.js';
import { parseProvisionerConfig } from '../../src/index.js';
import { PendingJournal, pendingFileOf } from '../../src/journal/pending-journal.js';

const program = fileURLToPath(new URL('../../../bin/mcprovision.js', import.meta.url));
const mcod = fileURLToPath(import.meta.resolve('@troupe/daemon/mcod'));
const notifyAgent = fileURLToPath(import.meta.resolve('@troupe/agent-notify'));
const mailServer = fileURLToPath(
  new URL('../../test/fixtures/smtp-server.py', import.meta.resolve('@troupe/agent-notify')),
);
const python = '/usr/bin/python3';
const security = { mode: 'none' } as const;
const long = { timeoutSeconds: 60 };

describe('notifications of a real provisioner', function () {
  this.timeout(120_000);
  let folder: TempFolder;
  let mail: RunningProcess;
  let mailPort: number;
  let broker: Broker | undefined;
  const running: RunningProcess[] = [];

  beforeEach(async function () {
    if (!existsSync(python) || !existsSync('/usr/lib/python3/dist-packages/aiosmtpd'))
      skip(this, 'the Debian package python3-aiosmtpd is not installed');
    folder = await createTempFolder();
    mail = start(python, [mailServer, '--maildir', folder.join('mails')]);
    mailPort = Number((await mail.waitForLine(/^listening /)).split(' ')[1]);
  });
  afterEach(async () => {
    for (const one of running.splice(0)) await one.stop();
    await broker?.close();
    broker = undefined;
    await folder?.close();
  });

  function start(command: string, args: readonly string[]): RunningProcess {
    const one = startProcess(command, args);
    running.push(one);
    return one;
  }

  interface Mail {
    readonly headers: readonly (readonly [string, string])[];
    readonly body: string;
  }
  const count = () => readdirSync(folder.join('mails/new')).length;
  const mails = async () => {
    const lines = () => mail.output.split('\n').filter((line) => line.startsWith('{'));
    await waitFor('the mails to be printed', () => lines().length === count());
    return lines().map((line) => JSON.parse(line) as Mail);
  };
  const subjectOf = ({ headers }: Mail) => headers.find(([name]) => name === 'subject')?.[1];

  /** A provisioner's configuration, with a journal in which messages wait already. */
  async function configure(name: string, given: Record<string, unknown>, nodes: readonly string[]) {
    const file = folder.join(`${name}.yaml`);
    const journalFile = folder.join(`${name}.journal`);
    const port = await freePort();
    const yaml = JSON.stringify({
      security,
      connect_timeout: 0.5,
      journal: journalFile,
      pause_file: folder.join(`${name}.paused`),
      http: { port },
      ...given,
    });
    writeFileSync(file, yaml);
    const journal = PendingJournal.open(pendingFileOf(journalFile), silentLogger);
    // As a provisioner that was killed before anything was sent.
    const config = parseProvisionerConfig('notify: { targets: ["mailto://ops@example.net"] }');
    const outbox = new Outbox({ config, journal, log: silentLogger });
    for (const node of nodes)
      await outbox.send(
        waitingNotification({
          identity: node,
          id: eventId('clock', node),
          state: 'clock-wrong',
          reason: 'its clock is 600 s behind: check NTP',
        }),
      );
    outbox.stop();
    await journal.close();
    const waiting = async () => {
      const answer = await fetch(`http://127.0.0.1:${port}/metrics`).catch(() => undefined);
      const line = /^troupe_provisioner_notifications_waiting (\d+)$/m.exec((await answer?.text()) ?? '');
      return line ? Number(line[1]) : undefined;
    };
    return { file, waiting };
  }
  const run = (file: string) => start(process.execPath, [program, 'run', '--foreground', '--config', file]);

  it('survive a restart and the absence of every notifier, and reach people once though two provisioners have them', async () => {
    broker = await startBroker({ listen: ['mqtt://127.0.0.1:0'], security }, { log: silentLogger });
    const given = { broker: { urls: [broker.url] }, notify: { targets: ['mailto://ops@example.net'] } };
    const nodes = ['web1.example.net', 'web2.example.net', 'web3.example.net'];
    const first = await configure('first', given, nodes);
    const second = await configure('second', given, nodes);
    const killed = run(first.file);
    run(second.file);
    await killed.waitForLine('cannot send notifications: they are kept, and retried', long);
    killed.kill('SIGKILL');
    await killed.exited;
    const again = run(first.file);
    await again.waitForLine('cannot send notifications: they are kept, and retried', long);
    expect(await first.waiting()).to.equal(3);
    const config = folder.join('mcod.yaml');
    writeFileSync(
      config,
      JSON.stringify({
        identity: 'notifier.example.net',
        broker: { urls: [broker.url] },
        security,
        state_dir: folder.join('mcod'),
        agents: [notifyAgent],
        plugins: {
          notify: {
            mailto: { server: '127.0.0.1', port: mailPort, tls: 'none', from: 'troupe@example.net' },
          },
        },
      }),
    );
    start(process.execPath, [mcod, '--config', config]);
    await waitFor(
      'both provisioners to have sent all',
      async () => {
        return (await first.waiting()) === 0 && (await second.waiting()) === 0;
      },
      long,
    );
    expect((await mails()).map(subjectOf)).to.deep.equal(
      nodes.map((node) => `${node} is waiting: clock-wrong`),
    );
  });

  it('go by mail from this host if there is no broker, and in a digest if there are many', async () => {
    const fallback = {
      targets: ['mailto://oncall@example.net'],
      after: 0,
      mailto: { server: '127.0.0.1', port: mailPort, tls: 'none', from: 'troupe@example.net' },
    };
    const nodes = Array.from({ length: 12 }, (_, n) => `web${n}.example.net`);
    const { file } = await configure(
      'alone',
      {
        broker: { urls: [`mqtt://127.0.0.1:${await freePort()}`] },
        notify: { targets: ['mailto://ops@example.net'], singles: 2, fallback },
      },
      nodes,
    );
    run(file);
    await waitFor('three mails', () => existsSync(folder.join('mails/new')) && count() === 3, long);
    const [one, two, digest] = await mails();
    expect([one, two].map((each) => each && subjectOf(each))).to.deep.equal([
      'web0.example.net is waiting: clock-wrong',
      'web1.example.net is waiting: clock-wrong',
    ]);
    expect(digest && subjectOf(digest)).to.equal('10 events: 10 waiting (clock-wrong)');
    expect(digest?.body.replaceAll('\r', '').replaceAll(/\d{4}-[\d:.T-]+Z/g, 'TIME')).to.equal(
      'waiting (clock-wrong): its clock is 600 s behind: check NTP\n' +
        `  ${nodes.slice(2).join(', ')}\n\nReported from TIME to TIME. "mcprovision explain NODE" shows the history of a node.\n`,
    );
    expect(readFileSync(`${file.replace('.yaml', '.journal')}.pending`, 'utf8')).to.include(
      'oncall@example.net',
    );
  });
});
