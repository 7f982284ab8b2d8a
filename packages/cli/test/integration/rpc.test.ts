import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { skip } from '@troupe/testkit';
import { expect } from 'chai';
import { execa } from 'execa';
import { after, before, describe, it } from 'mocha';
import { checkJson } from '../json/schemas.js';
import { TestNetwork } from '../network.js';
import { printed } from '../printed.js';

const sendersOf = (stdout: string): string[] =>
  JSON.parse(stdout)
    .results.map(({ sender }: { sender: string }) => sender)
    .sort();

describe('mco against real daemons', function () {
  this.timeout(120_000);
  let network: TestNetwork;

  before(async () => {
    network = await TestNetwork.start(['rip.mcollective', 'ann.mcollective']);
    await Promise.all([
      network.addNode('web1.lab', {
        facts: { country: 'mt', os: { name: 'Debian' } },
        classes: ['role::web'],
      }),
      network.addNode('web2.lab', {
        facts: { country: 'de', os: { name: 'Debian' } },
        classes: ['role::web'],
      }),
      network.addNode('plain.lab', { facts: { country: 'mt' }, isPlain: true }),
      network.addNode('gone.lab'),
    ]);
    await network.daemon('gone.lab').stop();
  });
  after(() => network?.stop());

  it('pings', async () => {
    const { stdout, stderr, code } = await network.mco(['ping']);
    expect(code).to.equal(0);
    const lines = stdout.split('\n');
    expect(lines.filter((line) => /^[a-z0-9.]+ {29,} *time=\d+ ms$/.test(line))).to.have.length(3);
    expect(stdout).to.match(
      /---- ping statistics ----\n3 replies max: \d+ ms min: \d+ ms avg: [\d.]+ ms overhead: \d+ ms$/,
    );
    expect(stderr).to.equal('\nOffline: 1 node\n\n   gone.lab');
  });

  it('finds by fact, and by class and part of a name', async () => {
    expect(await network.mco(['find', '-F', 'country=mt', '-A', 'lab', '-q'])).to.deep.equal({
      stdout: 'web1.lab',
      stderr: '',
      code: 0,
    });
    const { stdout } = await network.mco(['find', '-C', 'role::web', '-I', '/2/', '--json']);
    expect(JSON.parse(stdout).results).to.deep.equal([{ sender: 'web2.lab' }]);
  });

  it('reports that no node matches', async () => {
    expect(await network.mco(['find', '-F', 'country=fr', '-q'])).to.deep.equal({
      stdout: '',
      stderr: 'mco: no node in the collective "mcollective" matches the filter (3 nodes online) [NO_NODES]',
      code: 1,
    });
  });

  it('calls all nodes with an agent whose DDL is only on the nodes', async () => {
    const { stdout, stderr, code } = await network.mco(['rpc', 'lab', 'weigh', '--sort']);
    expect(code).to.equal(0);
    expect(stdout).to.equal(
      [
        ...['web1.lab', 'web2.lab'].flatMap((name) => [
          name,
          '           Weight: 8',
          '   Unit of Weight: kg',
          '            Notes: {',
          '                     "seen": ["today", "yesterday"],',
          `                     "by": "\\u001b[31m${name}\\u001b[0m"`,
          '                   }',
          '',
        ]),
        'Summary of Weight:',
        '',
        '   Together: 16',
        '',
        'Summary of Unit of Weight:',
        '',
        '   kg: 2',
        '',
      ].join('\n'),
    );
    expect(stderr).to.match(/^Finished processing 2 \/ 2 hosts in [\d.]+ m?s; 1 node offline$/);
  });

  it('shows failures, and exits with 2 in text and in JSON', async () => {
    const text = await network.mco(['rpc', 'lab', 'fail', 'on=web2.lab']);
    expect(text.code).to.equal(2);
    expect(text.stdout).to.equal(
      'web2.lab                                 Request Aborted\n\n    no disk\n    none at all\n',
    );
    expect(text.stderr).to.match(/^Finished processing 2 \/ 2 hosts in .*, 1 not ok; 1 node offline$/);
    const json = await network.mco(['rpc', 'lab', 'fail', 'on=web2.lab', '--json']);
    expect(json.code).to.equal(2);
    expect(json.stderr).to.equal('');
    const { results: replies, statistics: stats } = JSON.parse(json.stdout);
    expect(stats).to.deep.include({
      ok: 1,
      failed: 1,
      discovered: 2,
      responses: 2,
      exit_code: 2,
      offline: ['gone.lab'],
    });
    expect(replies.find(({ sender }: { sender: string }) => sender === 'web2.lab')).to.deep.include({
      state: 'failed',
      statuscode: 1,
      statusmsg: 'no disk\nnone at all',
    });
  });

  it('does not send the exception of a handler to the caller', async () => {
    const { stdout, code } = await network.mco(['rpc', 'lab', 'crash', '-I', 'web1.lab', '--json']);
    expect(code).to.equal(2);
    expect(JSON.parse(stdout).results[0]).to.deep.include({ state: 'failed', statuscode: 5 });
    expect(stdout).to.not.include('secret detail');
  });

  it('prints each state as a line of JSON when it arrives', async () => {
    const { stdout, code } = await network.mco([
      ...['rpc', 'lab', 'hang', '--jsonl'],
      ...['web1.lab', 'plain.lab', 'gone.lab'].flatMap((name) => ['-I', name]),
    ]);
    expect(code).to.equal(2);
    const lines = stdout.split('\n').map((line) => JSON.parse(line));
    const ends = lines.flatMap(({ kind, sender, state }) => (sender ? [[kind, sender, state]] : []));
    expect(ends.sort()).to.deep.equal([
      ['result', 'gone.lab', 'offline'],
      ['result', 'plain.lab', 'failed'],
      ['result', 'web1.lab', 'timeout'],
    ]);
    expect(lines.at(-1).exit_code).to.equal(2);
  });

  it('exits with 5 in every output mode if one of the named nodes is offline', async () => {
    const args = ['rpc', 'rpcutil', 'ping', '-I', 'web1.lab', '-I', 'gone.lab'];
    const runs = await Promise.all(
      [[], ['--json'], ['--jsonl'], ['--table'], ['--senders']].map((mode) =>
        network.mco([...args, ...mode]),
      ),
    );
    expect(runs.map(({ code }) => code)).to.deep.equal([5, 5, 5, 5, 5]);
    expect(runs[0]?.stderr).to.include('No reply from: gone.lab (offline)');
    expect(runs[4]?.stdout).to.equal('web1.lab');
  });

  it('exits with 4 if no named node replies, and warns at once about an unknown name', async () => {
    const { stdout, stderr, code } = await network.mco(['rpc', 'rpcutil', 'ping', '-I', 'wbe1.lab']);
    expect({ stdout, code }).to.deep.equal({ stdout: '', code: 4 });
    expect(stderr.split('\n').slice(0, 2)).to.deep.equal([
      'mco: unknown node "wbe1.lab" (did you mean "web1.lab"?); calling it anyway',
      'No reply from: wbe1.lab (unknown node, called 2 times in 3 s; mco find lists the nodes)',
    ]);
  });

  it('exits with 1 and prints a document if no node matches the filter', async () => {
    const { stdout, stderr, code } = await network.mco(['rpc', 'lab', 'weigh', '-F', 'country=fr', '--json']);
    expect(code).to.equal(1);
    expect(stderr).to.equal(
      'mco: request not sent: no node in the collective "mcollective" matches the filter and has the agent "lab" (3 nodes online) [NO_NODES]',
    );
    const { results, errors } = JSON.parse(stdout);
    expect(results).to.deep.equal([]);
    expect(errors).to.deep.equal([
      { code: 'NO_NODES', message: stderr.replace('mco: ', '').replace(' [NO_NODES]', '') },
    ]);
  });

  it('suggests an action and an input, from a DDL that was fetched', async () => {
    const runs = await Promise.all([
      network.mco(['rpc', 'lab', 'wiegh']),
      network.mco(['rpc', 'lab', 'weigh', 'untit=kg']),
      network.mco(['rpc', 'rpcuitl', 'ping']),
    ]);
    expect(runs.map(({ code }) => code)).to.deep.equal([1, 1, 1]);
    expect(runs.map(({ stderr }) => stderr)).to.deep.equal([
      `mco: Unknown action 'wiegh' for agent 'lab' (did you mean "weigh"?); its actions are: weigh, move, fail, crash, hang, slow [INPUT_INVALID]`,
      'mco: "untit" is not an input of lab weigh (did you mean "unit"?); its inputs: unit, brief [INPUT_INVALID]',
      'mco: unknown agent "rpcuitl" (did you mean "rpcutil"?): no DDL (agent description) on this machine, and no node has this agent; mco plugin list lists the agents [DDL_UNKNOWN]',
    ]);
  });

  it('changes all nodes only with --yes', async () => {
    const refused = await network.mco(['rpc', 'lab', 'move', 'to=here']);
    expect(refused).to.deep.equal({
      stdout: '',
      stderr:
        'mco: lab move changes hosts, and no filter is given: add a filter (-F -C -I -W -S --nodes), or --yes for all nodes [USAGE_INVALID]',
      code: 1,
    });
    const yes = await network.mco(['rpc', 'lab', 'move', 'to=here', '--yes', '-q']);
    expect(yes).to.deep.equal({ stdout: '', stderr: '', code: 0 });
    expect((await network.mco(['rpc', 'lab', 'move', 'to=here', '-C', 'role::web', '-q'])).code).to.equal(0);
  });

  it('sends nothing with --dry-run', async () => {
    const { stdout, code } = await network.mco(['rpc', 'lab', 'move', 'to=here', '--dry-run', '--json']);
    expect(code).to.equal(0);
    const { results, statistics, ...plan } = JSON.parse(stdout);
    expect(results).to.deep.equal([{ sender: 'web1.lab' }, { sender: 'web2.lab' }]);
    expect(statistics.discovered).to.equal(2);
    expect(plan).to.deep.equal({
      version: 1,
      command: 'rpc',
      errors: [],
      dry_run: true,
      agent: 'lab',
      action: 'move',
      description: 'The action move of the test',
      mutating: true,
      input: { to: 'here' },
      timeout: 10,
    });
  });

  it('passes the nodes of one call to the next', async () => {
    const first = await network.mco(['rpc', 'lab', 'fail', 'on=web2.lab', '--json', '--display', 'ok']);
    const next = await network.mco(['rpc', 'lab', 'weigh', '--json', '--nodes', '-'], {
      input: first.stdout,
    });
    expect(next.code).to.equal(0);
    expect(sendersOf(next.stdout)).to.deep.equal(['web1.lab']);
    const all = await network.mco(['rpc', 'lab', 'weigh', '--jsonl']);
    const senders = await network.mco(['rpc', 'lab', 'weigh', '--senders', '--nodes', '-', '-q'], {
      input: all.stdout,
    });
    expect(senders).to.deep.equal({ stdout: 'web1.lab\nweb2.lab', stderr: '', code: 0 });
    const nobody = await network.mco(['rpc', 'lab', 'weigh', '--nodes', '-'], {
      input: '{"version":1,"results":[]}',
    });
    expect(nobody).to.deep.equal({
      stdout: '',
      stderr: 'mco: --nodes: standard input contains no node names [NO_NODES]',
      code: 1,
    });
  });

  it('calls a limited number of nodes, the same ones for the same seed', async () => {
    const pick = () =>
      network.mco(['rpc', 'rpcutil', 'ping', '--limit', '34%', '--limit-seed', '5', '--senders']);
    const [one, other] = [await pick(), await pick()];
    expect(one.stdout.split('\n')).to.have.length(1);
    expect(one.stdout).to.equal(other.stdout);
    expect(one.stderr).to.include('selected from 3 nodes (--limit-seed 5 selects the same ones)');
    const any = await network.mco(['rpc', 'rpcutil', 'ping', '-1', '--batch', '1', '--json']);
    expect(sendersOf(any.stdout)).to.have.length(1);
    expect(any.code).to.equal(0);
  });

  it('stops after more than --max-failures failures, in text and in JSON', async () => {
    const args = ['rpc', 'lab', 'fail', '--batch', '1', '--batch-sleep', '0', '--max-failures', '0'];
    const text = await network.mco(args);
    expect(text.code).to.equal(2);
    expect(text.stderr).to.match(/^Not asked: web[12]\.lab \(1 node failed; the limit is 0\)\nFinished/);
    const json = await network.mco([...args, '--json']);
    expect(json.code).to.equal(2);
    const { statistics: stats } = JSON.parse(json.stdout);
    expect(stats).to.include({ asked: 1, responses: 1, stopped: '1 node failed; the limit is 0' });
    expect(stats.by_state['not-asked']).to.have.length(1);
    expect(stats.no_responses).to.deep.equal([]);
    const unbatched = await network.mco(['rpc', 'lab', 'fail', '--max-failures', '0']);
    expect(unbatched).to.deep.equal({
      stdout: '',
      stderr: 'mco: --max-failures requires --batch, such as --batch 10% [USAGE_INVALID]',
      code: 1,
    });
  });

  it('finds a limited number of nodes, the same ones for the same seed', async () => {
    const find = async () => (await network.mco(['find', '--limit', '67%', '--limit-seed', '3'])).stdout;
    const first = await find();
    expect(first.split('\n')).to.have.length(2);
    expect(await find()).to.equal(first);
    expect((await network.mco(['find', '-1'])).stdout.split('\n')).to.have.length(1);
  });

  it('sends without waiting, and the replies are kept', async () => {
    const { stdout, stderr, code } = await network.mco(['rpc', 'lab', 'weigh', '--no-results']);
    expect(code).to.equal(0);
    expect(stdout).to.match(/^[0-9a-f]{32}$/);
    expect(stderr).to.equal(`Sent to 2 nodes. To get the replies: mco job attach ${stdout}`);
    const attached = await network.mco(['job', 'attach', stdout, '--json']);
    expect(sendersOf(attached.stdout)).to.deep.equal(['web1.lab', 'web2.lab']);
    expect(attached.code).to.equal(0);
    const batched = await network.mco(['rpc', 'lab', 'weigh', '--nr', '--batch', '1']);
    expect(batched.code).to.equal(1);
    expect(batched.stderr).to.include('cannot be used with');
  });

  it('sends the replies to a listening session', async () => {
    const listening = network.start(['listen', 'nightly', '--jsonl', '--count', '2']);
    await printed(listening.stderr, 'Listening for replies as rip.mcollective, session nightly');
    const sent = await network.mco(['rpc', 'lab', 'fail', 'on=web2.lab', '--reply-to', 'nightly', '--json']);
    const { statistics, reply_to: replyTo } = JSON.parse(sent.stdout);
    const { requestid } = statistics;
    expect({ code: sent.code, nodes: sendersOf(sent.stdout), replyTo }).to.deep.equal({
      code: 0,
      nodes: ['web1.lab', 'web2.lab'],
      replyTo: 'nightly',
    });
    const { stdout, exitCode } = await listening;
    expect(exitCode).to.equal(0);
    checkJson(['listen'], stdout);
    const lines = stdout.split('\n').map((line) => JSON.parse(line));
    expect(lines.at(-1)).to.deep.equal({ version: 1, kind: 'statistics', results: 2 });
    const replies = lines.slice(0, -1);
    const seen = replies.map(({ sender, state }) => `${sender} ${state}`).sort();
    expect(seen).to.deep.equal(['web1.lab ok', 'web2.lab failed']);
    expect(replies.map((reply) => reply.requestid)).to.deep.equal([requestid, requestid]);
  });

  it('prints output when it arrives, each line prefixed with its node', async () => {
    const { stdout } = await network.mco([
      'rpc',
      'lab',
      'slow',
      'seconds=0.3',
      '--stream',
      '-I',
      'web1.lab',
      '--display',
      'none',
    ]);
    expect(stdout).to.equal('web1.lab: one\nweb1.lab: two\nweb1.lab: three');
  });

  it('shows facts, a node and its collectives', async () => {
    const facts = await network.mco(['facts', 'os.name']);
    expect(facts.stdout).to.equal(
      'Report for fact: os.name\n\n   Debian found 2 times\n   1 node without this fact\n',
    );
    const node = await network.mco(['inventory', 'web1.lab']);
    expect(node).to.include({ code: 0, stderr: '' });
    expect(node.stdout).to.match(/^Inventory for web1\.lab:\n\n {2}Server Statistics:\n\n/);
    expect(node.stdout).to.match(/\n {2}Agents:\n\n {4}discovery +lab +node +rpcutil\n/);
    expect(node.stdout).to.match(/\n {2}Configuration Management Classes:\n\n {4}role::web\n/);
    const json = JSON.parse((await network.mco(['inventory', 'web1.lab', '--json'])).stdout);
    expect(json.results[0].inventory.facts).to.deep.include({ country: 'mt' });
    const away = await network.mco(['inventory', 'gone.lab']);
    expect(away).to.deep.equal({
      stdout: '',
      stderr: 'mco: gone.lab: Offline: the node is offline',
      code: 4,
    });
    const collectives = await network.mco(['inventory', '--list-collectives', '-q']);
    expect(collectives.stdout).to.equal('   Collective    Nodes\n   mcollective       3\n');
  });

  it('documents an agent whose DDL is only on nodes', async () => {
    const { stdout, code } = await network.mco(['plugin', 'doc', 'lab', 'weigh'], {
      env: { XDG_CACHE_HOME: network.folder.join('other-cache') },
    });
    expect(code).to.equal(0);
    expect(stdout).to.match(/^lab weigh\n---------\n {3}The action weigh of the test\n/);
    expect(stdout).to.match(/\n {6}unit\n {9}kg or lb\n +Type: list\n +Required: no\n +One Of: kg, lb\n/);
  });

  it('calls nodes that have another version of an agent than the local DDL, and names them', async () => {
    await network.mco(['plugin', 'doc', 'lab']);
    const networks = network.folder.join('cache', 'troupe', 'ddl', 'network');
    const [folder = ''] = await readdir(networks);
    const cached = join(networks, folder, 'lab.json');
    const ddl = await readFile(cached, 'utf8');
    await writeFile(cached, ddl.replace('"1.2.0"', '"1.1.0"'));
    const { stderr, code } = await network.mco(['rpc', 'lab', 'weigh', '-I', 'web1.lab', '--senders']);
    await writeFile(cached, ddl);
    expect(code).to.equal(0);
    expect(stderr.split('\n')[0]).to.equal(
      'mco: the DDL of "lab" has version 1.2.0 on web1.lab, not 1.1.0 from a node (cached): only texts differ',
    );
  });

  it('exits silently if its output is no longer read', async () => {
    const { stdout, stderr } = await execa({
      shell: 'bash',
      extendEnv: false,
      env: network.environment(),
      input: '',
    })`${process.execPath} ${network.executable} plugin doc provision | head -n 1`;
    expect(stdout).to.match(/^provision agent, version [\d.]+$/);
    expect(stderr).to.equal('');
  });

  it('reports why it cannot connect to the broker', async () => {
    const config = network.folder.join('wrong.yaml');
    const { code, stderr } = await network.mco(['config', 'check', '--config', config]);
    expect(code).to.equal(1);
    expect(stderr).to.match(/^mco: cannot read the configuration .*wrong\.yaml: ENOENT/);
    const sound = await network.mco(['config', 'check']);
    expect(sound.stdout).to.include('is valid: caller rip.mcollective, broker mqtts://127.0.0.1:');
  });

  it('reports why nodes cannot evaluate a filter', async () => {
    const { stdout, stderr, code } = await network.mco(['find', '-S', "nosuch('x').y=1"]);
    expect({ stdout, code }).to.deep.equal({ stdout: '', code: 1 });
    expect(stderr.split('\n').slice(0, 2)).to.deep.equal([
      'mco: a filter may be wrong: no DDL for the data plugin "nosuch" on this machine; each node checks the query itself',
      'mco: plain.lab, web1.lab, web2.lab cannot evaluate the filter: this node has no data plugin "nosuch"',
    ]);
  });

  it('refuses a filter with an invalid data function before it connects', async () => {
    const { stdout, stderr, code } = await network.mco(['find', '-S', "fstat('/').sise > 1"]);
    expect({ stdout, code }).to.deep.equal({ stdout: '', code: 1 });
    expect(stderr).to.match(/^mco: fstat\(\) has no output "sise" \(did you mean "size"\?\)/);
  });

  describe('completion', () => {
    // A DDL that was fetched once is on this machine's disk.
    before(() => network.mco(['plugin', 'doc', 'lab']));

    it('completes in bash what the DDLs on disk allow', async () => {
      const { stdout } = await inShell('bash', [
        '--norc',
        '-c',
        `source <(mco completion bash)
       complete_line() { COMP_LINE="$1"; COMP_POINT=\${#1}; _mco 2>/dev/null; echo "\${COMPREPLY[*]}"; }
       complete_line "mco pin"
       complete_line "mco rpc rpcutil get_f"
       complete_line "mco rpc lab weigh unit=l"`,
      ]);
      expect(stdout.split('\n')).to.deep.equal(['ping', 'get_fact get_facts', 'lb']);
    });

    it('completes facts, their values, classes and ids of requests, which it asks of nodes', async () => {
      const values = async (line: string) =>
        (await network.mco(['completion', '--line', line])).stdout
          .split('\n')
          .map((one) => one.split('\t')[0]);
      const { stdout } = await network.mco(['rpc', 'rpcutil', 'ping', '--json']);
      const { requestid } = JSON.parse(stdout).statistics;
      expect(await values('mco find -F ')).to.include('country=');
      expect(await values('mco find -F country=')).to.include('country=mt');
      expect(await values('mco find -C ')).to.include('role::web');
      expect(await values('mco job show ')).to.include(requestid);
    });

    it('offers nothing, and says nothing, if no broker can be reached', async () => {
      const env = { XDG_CACHE_HOME: network.folder.join('empty-cache') };
      const config = network.folder.join('unreachable.yaml');
      await writeFile(config, 'broker: { urls: ["mqtt://127.0.0.1:1"] }\nsecurity: { mode: none }\n');
      for (const line of ['mco find -F ', 'mco find -C ', 'mco job show '])
        expect(
          await network.mco(['completion', '--config', config, '--line', line], { env }),
        ).to.deep.include({ stdout: '', stderr: '', code: 0 });
    });

    it('completes in fish', async function () {
      if (!(await isInstalled('fish'))) skip(this, 'fish is not installed');
      const { stdout } = await inShell('fish', [
        '--no-config',
        '-c',
        `mco completion fish | source
       complete -C 'mco pin'
       complete -C 'mco rpc rpcutil get_fact'
       complete -C 'mco rpc lab weigh unit=l'`,
      ]);
      expect(stdout.split('\n')).to.deep.equal([
        'ping\tCheck which nodes respond, and how fast',
        'get_fact\tReads one fact',
        'get_facts\tReads several facts',
        'unit=lb',
      ]);
    });

    it('completes in zsh', async function () {
      if (!(await isInstalled('zsh'))) skip(this, 'zsh is not installed');
      // What compadd is called with is what zsh offers.
      const { stdout } = await inShell('zsh', [
        '-f',
        '-c',
        `compdef() { :; }
       compadd() { print -r -- "\${(P)@[-1]} \${@[2]}"; }
       source <(mco completion zsh)
       words=(mco pin); CURRENT=2; _mco
       words=(mco rpc rpcutil get_f); CURRENT=4; _mco
       words=(mco rpc lab weigh un); CURRENT=5; _mco`,
      ]);
      expect(stdout.split('\n').map((line) => line.trim())).to.deep.equal([
        'ping -d',
        'get_fact get_facts -d',
        'unit= -S',
      ]);
    });

    // A shell that finds mco as a user's would.
    async function inShell(shell: string, args: readonly string[]) {
      const bin = network.folder.join('bin');
      await mkdir(bin, { recursive: true });
      await writeFile(`${bin}/mco`, `#!/bin/sh\nexec '${process.execPath}' '${network.executable}' "$@"\n`, {
        mode: 0o755,
      });
      const env = network.environment();
      return execa(shell, args, { extendEnv: false, env: { ...env, PATH: `${bin}:${env.PATH}` } });
    }
  });
});

async function isInstalled(command: string): Promise<boolean> {
  return !(await execa(command, ['--version'], { reject: false })).failed;
}
