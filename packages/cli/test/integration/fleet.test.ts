import { writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { writePolicies } from '@troupe/testkit';
import { expect } from 'chai';
import { after, before, describe, it } from 'mocha';
import { ddl } from '../fleet-agent.js';
import { TestNetwork } from '../network.js';
import { printed } from '../printed.js';

const agent = fileURLToPath(new URL('../fleet-agent.js', import.meta.url));
const name = (number: number) => `n${String(number).padStart(2, '0')}.lab`;
const range = (from: number, to: number) =>
  Array.from({ length: to - from + 1 }, (_, index) => name(from + index));

/** Twenty-one daemons, each in its own process, by what they do when they are called. */
const parts: Readonly<Record<string, readonly string[]>> = {
  fine: range(1, 12),
  frozen: [name(13)],
  fails: [name(14), name(15)],
  throws: [name(16)],
  denied: [name(17)],
  hangs: [name(18)],
  exits: [name(19)],
  killed: [name(20)],
  gone: [name(21)],
};
const all = Object.values(parts).flat();

/** How each of them ends. */
const ends: Readonly<Record<string, string>> = Object.fromEntries(
  [
    ['fine', 'ok'],
    ['frozen', 'no-reply'],
    ['fails', 'failed'],
    ['throws', 'failed'],
    ['denied', 'denied'],
    ['hangs', 'timeout'],
    ['exits', 'offline'],
    ['killed', 'ok'],
    ['gone', 'offline'],
  ].flatMap(([part = '', state = '']) => (parts[part] ?? []).map((identity) => [identity, state])),
);

interface Reply {
  readonly sender: string;
  readonly state: string;
  readonly statuscode?: number;
  readonly statusmsg: string;
}

describe('mco and twenty-one daemons', function () {
  this.timeout(180_000);
  let network: TestNetwork;
  let everybody: string;
  let lingering: ReturnType<TestNetwork['start']>;

  before(async () => {
    network = await TestNetwork.start();
    await network.keepDdl(ddl);
    const policies = writePolicies(network.folder.path, ['*']);
    await writeFile(`${policies}/fleet.policy`, 'policy default deny\n');
    const jobs = Object.entries(parts).flatMap(([part, names]) =>
      names.map((identity) => ({ part, identity })),
    );
    const start = async () => {
      for (let job = jobs.pop(); job; job = jobs.pop()) {
        const { part, identity } = job;
        const config = {
          agents: [agent],
          ...(part === 'denied' ? { authorization: { policies } } : {}),
          // The broker must not take it for dead during the test.
          ...(part === 'frozen' ? { broker: { urls: [network.broker.url], keepalive: 1800 } } : {}),
        };
        await network.addNode(identity, { facts: { part, site: part === 'fine' ? 'mt' : 'de' }, config });
      }
    };
    // A few at a time, so that a small machine has none that waits for too long.
    await Promise.all([start(), start(), start()]);
    await network.daemon(name(21)).stop();
    everybody = network.folder.join('everybody.txt');
    await writeFile(everybody, all.map((identity) => `${identity}\n`).join(''));
    // It is asked again after a while; the other tests need not wait for that.
    lingering = network.start(['rpc', 'fleet', 'linger', '-I', name(20), '--stream', '--jsonl']);
    await printed(lingering.stdout, '"begun"');
    network.daemon(name(20)).kill('SIGKILL');
    await network.daemon(name(20)).exited;
    await network.startNode(name(20));
  });
  after(async () => {
    network?.daemon(name(13)).kill('SIGCONT');
    await network?.stop();
  });

  it('pings all online nodes, and finds nodes by a fact', async () => {
    const [ping, found, both] = await Promise.all([
      network.mco(['ping', '--json']),
      network.mco(['find', '-F', 'part=fine', '-q']),
      network.mco(['find', '-F', 'site=de', '-F', 'part!=fails', '--json']),
    ]);
    expect(ping.code).to.equal(0);
    const { results: replies, statistics } = JSON.parse(ping.stdout);
    const { silent, offline, count } = statistics;
    expect(replies.map(({ sender }: Reply) => sender).sort()).to.deep.equal(range(1, 20));
    expect({ silent, offline, count }).to.deep.equal({ silent: [], offline: [name(21)], count: 20 });
    expect(found).to.deep.equal({ stdout: range(1, 12).join('\n'), stderr: '', code: 0 });
    expect(JSON.parse(both.stdout).results.map(({ sender }: Reply) => sender)).to.deep.equal(
      [13, 16, 17, 18, 19, 20].map(name),
    );
  });

  it('exits with 0 in every output mode if all nodes succeed', async () => {
    const runs = await Promise.all(
      [[], ['--json'], ['--jsonl']].map((mode) =>
        network.mco(['rpc', 'fleet', 'act', '-F', 'part=fine', ...mode]),
      ),
    );
    expect(runs.map(({ code }) => code)).to.deep.equal([0, 0, 0]);
    expect(runs[0]?.stdout).to.equal('Summary of Part:\n\n   fine: 12\n');
    expect(runs[0]?.stderr).to.match(/^Finished processing 12 \/ 12 hosts in .*; 1 node offline$/);
    expect(JSON.parse(runs[1]?.stdout ?? '').summaries).to.deep.equal({ part: { fine: 12 } });
  });

  it('shows the state of each node in text, JSON and lines of JSON, and exits with 2', async () => {
    network.daemon(name(13)).kill('SIGSTOP');
    const call = ['rpc', 'fleet', 'act', '--nodes', everybody, '-t', '3'];
    const [text, json, jsonl] = await Promise.all([
      network.mco(call),
      network.mco([...call, '--json']),
      network.mco([...call, '--jsonl']),
    ]);
    expect([text.code, json.code, jsonl.code]).to.deep.equal([2, 2, 2]);

    const document = JSON.parse(json.stdout);
    const told: Reply[] = document.results;
    expect(Object.fromEntries(told.map(({ sender, state }) => [sender, state]))).to.deep.equal(ends);
    expect(document.statistics).to.deep.include({
      asked: 21,
      responses: 18,
      ok: 13,
      failed: 5,
      no_responses: [name(13), name(19), name(21)],
      exit_code: 2,
    });
    const reasons = Object.fromEntries(told.map(({ sender, statusmsg }) => [sender, statusmsg]));
    expect(reasons).to.include({
      [name(14)]: 'the disk is full',
      [name(16)]: 'the action failed unexpectedly; see the log of the node for the reason',
      [name(18)]: 'the action did not finish within its timeout of 3 s',
      [name(21)]: 'the node is offline',
    });
    expect(reasons[name(13)]).to.match(/^online, called \d times in 10 s$/);
    expect(reasons[name(17)]).to.match(/^you are not authorized to call fleet#act on this node: /);

    const lines = jsonl.stdout.split('\n').map((line) => JSON.parse(line));
    const replies = lines.filter(({ kind }) => kind === 'result');
    expect(Object.fromEntries(replies.map(({ sender, state }) => [sender, state]))).to.deep.equal(ends);

    const shown = text.stdout.match(/^n\d\d\.lab +.*$/gm)?.map((line) => line.replace(/ +/, ' '));
    expect(shown?.sort()).to.deep.equal([
      `${name(14)} Request Aborted`,
      `${name(15)} Request Aborted`,
      `${name(16)} Unknown Request Status`,
      `${name(17)} Denied`,
      `${name(18)} Timed Out`,
    ]);
    // One of the three calls ended it; to the others it was gone already, or went after they had asked.
    const went = 'the node went offline after the request was sent: whether the action started is unknown';
    expect([
      `No reply from: ${name(19)}, ${name(21)} (offline)`,
      `No reply from: ${name(19)} (offline: ${went})`,
    ]).to.include(text.stderr.split('\n').find((line) => line.includes(name(19))));
    expect(text.stderr).to.match(new RegExp(`No reply from: .*${name(21)} \\(offline\\)\n`));
    expect(text.stderr).to.include(`No reply from: ${name(13)} (online, called`);
    expect(text.stderr).to.match(/Finished processing 18 \/ 21 hosts in .*, 5 not ok$/);
  });

  it('exits with 5 if some nodes do not reply, with 3 if none replies after discovery, with 4 if no named node replies', async () => {
    await network.startNode(name(19));
    const [ping, part, afterDiscovery, named] = await Promise.all([
      network.mco(['ping', '--json']),
      network.mco(['rpc', 'fleet', 'act', '-I', name(1), '-I', name(21), '--json']),
      network.mco(['rpc', 'fleet', 'act', '-F', 'part=exits', '--json']),
      network.mco(['rpc', 'fleet', 'act', '-I', name(21), '--json']),
    ]);
    expect([part.code, afterDiscovery.code, named.code]).to.deep.equal([5, 3, 4]);
    expect(ping.code).to.equal(5);
    expect(JSON.parse(ping.stdout).statistics.silent).to.include(name(13));
    // It died of the request before it said that it is meant.
    expect(JSON.parse(afterDiscovery.stdout).statistics.silent_in_discovery).to.include(name(19));
    expect(afterDiscovery.stderr).to.equal(
      'mco: no node in the collective "mcollective" responded that it matches the filter and has the agent "fleet" (19 nodes online) [NO_NODES]',
    );
    network.daemon(name(13)).kill('SIGCONT');
  });

  it('reports an unknown outcome if a daemon was killed while running the action and restarted', async () => {
    const { stdout, exitCode } = await lingering;
    expect(exitCode).to.equal(2);
    const result = stdout
      .split('\n')
      .map((line) => JSON.parse(line))
      .find(({ kind }) => kind === 'result');
    expect(result).to.include({ sender: name(20), state: 'unknown', statuscode: 5 });
  });
});
