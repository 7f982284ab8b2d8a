import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import { after, before, describe, it } from 'mocha';
import { TestNetwork } from '../network.js';
import { printed } from '../printed.js';

const fakePuppet = fileURLToPath(new URL('../../../../agent-puppetd/test/fixtures/puppet', import.meta.url));

/** The keys of every document, in their order. */
const envelope = ['version', 'command', 'results', 'statistics', 'errors'];

describe('the JSON of every command that calls nodes', function () {
  this.timeout(120_000);
  let network: TestNetwork;
  let id = '';

  before(async () => {
    network = await TestNetwork.start();
    await Promise.all([
      network.addNode('web1.lab', {
        facts: { country: 'mt' },
        agents: ['@troupe/agent-puppetd', '@troupe/agent-notify'],
        plugins: {
          notify: { stdout: {} },
          // Never the Puppet of this machine, of which nothing is known.
          puppetd: { command: fakePuppet, env: { FAKE_DIR: network.folder.path } },
        },
      }),
      network.addNode('web2.lab', { isPlain: true }),
    ]);
    id = (await network.mco(['rpc', 'lab', 'weigh', '--no-results'])).stdout;
  });
  after(() => network?.stop());

  const both: readonly [words: string, results: number, code?: number][] = [
    ['ping', 2],
    ['find', 2],
    ['find --limit 1', 1],
    ['rpc lab weigh', 1],
    ['rpc lab weigh -I web1.lab -I gone.lab', 2, 5],
    ['rpc lab weigh --senders', 1],
    ['rpc lab weigh --dry-run', 1],
    ['rpc lab weigh --dry-run --limit 1 --batch 50% --max-failures 10%', 1],
    ['rpc lab weigh --no-results', 1],
    ['rpc lab fail on=web1.lab', 1, 2],
    ['rpc nothing weigh', 0, 1],
    ['job list', 1],
    ['job show ID', 1],
    ['job attach ID', 1],
    ['job cancel ID', 1],
    ['job show 00000000000000000000000000000000', 0, 1],
    ['inventory web1.lab', 1],
    ['inventory gone.lab', 1, 4],
    ['inventory --list-collectives', 1],
    ['facts country', 1],
    ['facts country -F country=fr', 0, 1],
    ['plugin list', 1],
    ['plugin list --data', 1],
    ['plugin doc lab', 1],
    ['plugin doc lab weigh', 1],
    ['doctor', 1],
    ['config', 1],
    ['puppet count', 1],
    ['puppet status', 1],
    ['puppet summary', 8, 2],
    ['puppet disable why -I web1.lab', 1],
    ['puppet runonce -I web1.lab', 1, 2],
    ['puppet runall 1', 1],
    ['puppet enable -I web1.lab', 1],
    ['puppet resource host a -I web1.lab', 1, 2],
    ['puppet count -I /nobody/', 1, 1],
    ['notify spool', 1],
    ['notify retry nothing', 1, 2],
    ['notify discard nothing', 1, 2],
    ['notify send stdout://a text -I web1.lab', 1],
  ];
  for (const [words, results, code = 0] of both) {
    it(`matches its schema: ${words}`, async () => {
      const argv = words.split(' ').map((word) => (word === 'ID' ? id : word));
      const ended = await network.mco([...argv, '--json']);
      const document = JSON.parse(ended.stdout);
      expect(Object.keys(document).slice(0, 5)).to.deep.equal(envelope);
      expect(document.results, ended.stdout).to.have.length.at.least(results);
      expect(ended.code, ended.stdout + ended.stderr).to.equal(code);
    });
  }

  for (const words of [
    ['rpc', 'lab', 'slow', 'seconds=0.1', '--stream'],
    ['rpc', 'nothing', 'weigh'],
    ['puppet', 'status'],
    ['puppet', 'runall', '1'],
    ['puppet', 'schedule', '--interval', '0.01', '--for', '0.01'],
    ['notify', 'spool'],
  ]) {
    it(`is printed in lines with --jsonl, the last one statistics or an error: ${words.join(' ')}`, async () => {
      const { stdout } = await network.mco([...words, '--jsonl']);
      const lines = stdout.split('\n').map((line) => JSON.parse(line));
      expect(lines.at(-1).kind).to.be.oneOf(['statistics', 'error']);
      expect(lines.map(({ version }) => version)).to.deep.equal(lines.map(() => 1));
    });
  }

  it('is complete after an interruption: the results until then, and an error', async () => {
    const running = network.start([
      ...['rpc', 'lab', 'slow', 'seconds=50', '--stream', '--json'],
      '-I',
      'web1.lab',
    ]);
    await printed(running.stderr, 'web1.lab: three');
    running.kill('SIGINT');
    const { stdout, exitCode } = await running;
    expect(exitCode).to.equal(130);
    const { errors, statistics } = JSON.parse(stdout);
    expect(errors).to.have.length(1);
    expect(errors[0]).to.include({ code: 'INTERRUPTED', message: '1 node may still be running the action' });
    expect(errors[0].hint).to.equal(
      `mco job attach ${statistics.requestid}, or mco job cancel ${statistics.requestid}`,
    );
    await network.mco(['job', 'cancel', statistics.requestid]);
  });
});
