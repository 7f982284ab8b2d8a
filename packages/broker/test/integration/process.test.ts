import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { createCrl } from '@troupe/core/pki';
import { onTerminal } from '@troupe/test-support';
import { expect } from 'chai';
import { after, afterEach, before, describe, it } from 'mocha';
import { type SpawnedBroker, spawnBroker } from '../../src/spawn.js';
import { connect, refusal, stopReading, type TestClient } from '../fixtures/client.js';
import { Pki } from '../fixtures/pki.js';
import { until } from '../fixtures/wait.js';

const bin = fileURLToPath(new URL('../../../bin/troupe-broker.js', import.meta.url));
const spawnModule = new URL('../../src/spawn.js', import.meta.url).href;
const quiet = { onLog: () => undefined };
const open = { listen: ['mqtt://127.0.0.1:0'], security: { mode: 'none' as const } };

describe('the broker as a process', function () {
  this.timeout(60_000);
  let pki: Pki;
  let broker: SpawnedBroker | undefined;

  before(async () => {
    pki = await Pki.create();
  });
  after(() => pki.remove());
  afterEach(async () => {
    await broker?.stop();
    broker = undefined;
  });

  it('opens its log again at SIGUSR2 and SIGWINCH, and survives a promise that it forgot', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'troupe-broker-'));
    const log = join(folder, 'log');
    // Node runs this first, in the place of code with a fault.
    const fault = 'process.on("SIGPIPE", () => void Promise.reject(new Error("forgotten")))';
    const child = spawn(
      process.execPath,
      ['--import', `data:text/javascript,${encodeURIComponent(fault)}`, bin, '--config', '-'],
      { stdio: ['pipe', 'pipe', 'inherit'] },
    );
    const ended = once(child, 'close');
    try {
      child.stdin.write(`${JSON.stringify({ ...open, log: { file: log } })}\n`);
      const written = (name: string, words: string) => () =>
        existsSync(name) && readFileSync(name, 'utf8').includes(words);
      await until('it is ready', written(log, 'the broker is ready'));
      for (const signal of ['SIGUSR2', 'SIGWINCH'] as const) {
        renameSync(log, `${log}.${signal}`);
        child.kill(signal);
        await until('it has a new log', written(log, 'log opened again'));
      }
      child.kill('SIGPIPE');
      await until('it has logged the fault', written(log, 'unhandled promise rejection'));
      child.kill('SIGTERM');
      expect(await ended).to.deep.equal([0, null]);
    } finally {
      child.kill('SIGKILL');
      await ended;
      rmSync(folder, { recursive: true });
    }
  });

  describe('spawnBroker', () => {
    it('starts it on a free port, and stops it', async () => {
      broker = await spawnBroker(open, quiet);
      expect(broker.url).to.match(/^mqtt:\/\/127\.0\.0\.1:[1-9]\d+$/);
      expect(broker.pid).to.be.greaterThan(0).and.not.equal(process.pid);
      expect(await refusal(broker.url)).to.equal(0);
      const { pid } = broker;
      await broker.stop();
      expect(broker.isRunning).to.equal(false);
      expect(isAlive(pid)).to.equal(false);
    });

    it('restarts it on the same address, after an orderly end and after a crash', async () => {
      broker = await spawnBroker(open, quiet);
      const { url, pid } = broker;
      const client = await connect(url);
      await broker.restart();
      await client.closed();
      expect([broker.url, broker.pid === pid]).to.eql([url, false]);
      expect(await refusal(url)).to.equal(0);
      await broker.kill();
      expect(broker.isRunning).to.equal(false);
      expect(await refusal(url)).to.equal('ECONNREFUSED');
      await broker.restart();
      expect(await refusal(url)).to.equal(0);
    });

    it('reads certificates again when it is told to', async () => {
      const lines: string[] = [];
      const revoked = pki.issue('n1.example.com');
      const security = { ...pki.server(), crl: pki.crlFile };
      broker = await spawnBroker(
        { listen: ['mqtts://127.0.0.1:0'], security },
        { onLog: (line) => void lines.push(line) },
      );
      const options = { clientId: 'n1.example.com', ca: pki.ca.certificatePem, ...revoked };
      expect(await refusal(broker.url, options)).to.equal(0);
      pki.revoke(revoked);
      broker.reload();
      await until('they are read again', () => lines.some((line) => line.includes('lists reloaded')));
      expect(await refusal(broker.url, options)).to.equal(5);
    });

    for (const [title, config, reason] of [
      ['what is wrong with its configuration', { listen: ['mqtt://0.0.0.0:0'] }, 'not a loopback address'],
      [
        'that a value is not possible',
        { ...open, limits: { subscriptions: 0 } },
        'limits.subscriptions: must be >= 1',
      ],
    ] as const) {
      it(`tells ${title}`, async () => {
        const error = await spawnBroker(config, quiet).then(
          () => undefined,
          (cause: unknown) => cause,
        );
        expect(error).to.be.instanceOf(Error).with.property('message').that.includes(reason);
      });
    }

    it('bounds its memory where that is asked for', async () => {
      broker = await spawnBroker(open, { ...quiet, memory: 200 });
      expect(readFileSync(`/proc/${broker.pid}/cmdline`, 'utf8').split('\0')).to.include(
        '--max-old-space-size=200',
      );
    });

    it('lets no broker outlive a parent that was killed', async () => {
      const script = `
        import { spawnBroker } from ${JSON.stringify(spawnModule)};
        const broker = await spawnBroker(${JSON.stringify(open)}, { onLog: () => undefined });
        console.log(broker.pid);
        setInterval(() => undefined, 1000);
      `;
      const args = ['--input-type=module', '--eval', script];
      const parent = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
      const [line] = (await once(createInterface({ input: parent.stdout }), 'line')) as [string];
      const pid = Number(line);
      expect(isAlive(pid)).to.equal(true);
      parent.kill('SIGKILL');
      await once(parent, 'close');
      await until('the broker has ended', () => !isAlive(pid));
    });
  });

  describe('its log', () => {
    const script = `
      import { spawnBroker } from ${JSON.stringify(spawnModule)};
      const broker = await spawnBroker(${JSON.stringify(open)});
      await broker.stop();
    `;
    const spawning = [process.execPath, '--input-type=module', '--eval', script];
    const serving = () => [process.execPath, bin, '--config', pki.file('open.yaml', JSON.stringify(open))];
    const onTerminalUntil = async (context: Mocha.Context, words: readonly string[], last: RegExp) => {
      const [program, args] = onTerminal(context, words);
      const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'ignore'] });
      let output = '';
      child.stdout.on('data', (text) => {
        output += text;
      });
      const closed = once(child, 'close');
      await until('it has logged', () => last.test(output));
      child.kill('SIGTERM');
      await closed;
      return output;
    };
    const ready =
      /^[-\dT:.]{23}Z INFO {2}the broker is ready urls=\["mqtt:\/\/127\.0\.0\.1:\d+"\] pid=\d+\r$/m;

    it('is text on a terminal', async function () {
      expect(await onTerminalUntil(this, serving(), ready)).to.match(ready);
    });

    it('is text on the terminal of a process that has started it', async function () {
      expect(await onTerminalUntil(this, spawning, / the broker has shut down /)).to.match(ready);
    });

    it('is JSON in the pipe of a process that has started it', () => {
      const [program = '', ...args] = spawning;
      const { stderr } = spawnSync(program, args, { encoding: 'utf8' });
      const messages = stderr
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line).msg);
      expect(messages).to.eql(['the broker is ready', 'the broker has shut down']);
    });
  });

  describe('troupe-broker', () => {
    const isOfMetrics = (url: string) => /core\/dist\/src\/metrics\/(?!open)|broker-metrics/.test(url);
    interface Served {
      readonly url: string;
      readonly log: { readonly msg: string; readonly url?: string }[];
      /** The modules that were loaded. */
      readonly loaded: readonly string[];
    }
    // Runs the broker until the work is done.
    async function served(config: object, work: (served: Served) => Promise<void> = async () => {}) {
      const spy = `import { registerHooks } from 'node:module';
        registerHooks({ load: (url, context, next) => { console.error(JSON.stringify({ loaded: url })); return next(url, context); } });`;
      const args = ['--import', `data:text/javascript,${encodeURIComponent(spy)}`, bin, '--config', '-'];
      const child = spawn(process.execPath, args, { stdio: ['pipe', 'pipe', 'pipe'] });
      const log: { msg: string; url?: string }[] = [];
      const loaded: string[] = [];
      createInterface({ input: child.stderr }).on('line', (line) => {
        const said = JSON.parse(line);
        if (said.loaded === undefined) log.push(said);
        else loaded.push(said.loaded);
      });
      const closed = once(child, 'close');
      child.stdin.write(`${JSON.stringify(config)}\n`);
      const [first] = await once(createInterface({ input: child.stdout }), 'line');
      const all = { url: JSON.parse(first).urls[0], log, loaded };
      await work(all);
      child.kill('SIGTERM');
      expect(await closed).to.eql([0, null]);
      return all;
    }

    const run = (...args: string[]) => spawnSync(process.execPath, [bin, ...args], { encoding: 'utf8' });

    it('prints its addresses as one line of JSON, logs JSON, and ends with 0 on SIGTERM', async () => {
      const file = pki.file('broker.yaml', 'listen: ["mqtt://127.0.0.1:1"]\nsecurity: {mode: none}\n');
      const args = [bin, '--config', file, '--listen', 'mqtt://127.0.0.1:0', '-l', 'tcp://127.0.0.1:0'];
      const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'pipe'] });
      let [stdout, stderr] = ['', ''];
      child.stdout.on('data', (text) => {
        stdout += text;
      });
      child.stderr.on('data', (text) => {
        stderr += text;
      });
      const closed = once(child, 'close');
      await until('it is ready', () => stdout.includes('\n'));
      const { urls } = JSON.parse(stdout) as { urls: string[] };
      expect(urls.map((url) => url.replace(/\d+$/, 'N'))).to.eql(['mqtt://127.0.0.1:N', 'tcp://127.0.0.1:N']);
      for (const url of urls) expect(await refusal(url)).to.equal(0);
      const client = await connect(urls[0] ?? '');
      child.kill('SIGTERM');
      await client.closed();
      expect(await closed).to.eql([0, null]);
      const log = stderr
        .trim()
        .split('\n')
        .map((text) => JSON.parse(text) as { msg: string });
      expect(log.at(0)?.msg).to.equal('the broker is ready');
      expect(log.at(-1)).to.include({ msg: 'the broker has shut down', accepted: 3 });
    });

    it('serves metrics while it runs if its configuration says so, and by default loads nothing for that', async () => {
      const plain = await served(open);
      expect(plain.log.map(({ msg }) => msg)).to.not.include('serving metrics');
      expect(plain.loaded.filter(isOfMetrics)).to.deep.equal([]);
      const textfile = pki.file('broker.prom', 'of a broker that crashed');
      let text = '';
      const shown = await served(
        { ...open, metrics: { http: { port: 0 }, textfile } },
        async ({ log, url }) => {
          const found = () => log.find(({ msg }) => msg === 'serving metrics')?.url ?? '';
          await until('it serves metrics', () => found() !== '');
          await until('the file is of this broker', () =>
            readFileSync(textfile, 'utf8').startsWith('# HELP'),
          );
          const client = await connect(url);
          text = await (await fetch(found())).text();
          client.mqtt.end();
        },
      );
      expect(text).to.match(/^troupe_broker_clients\{role="anonymous"\} 1$/m);
      expect(text).to.match(/^troupe_broker_connections_accepted_total 1$/m);
      expect(shown.loaded.filter(isOfMetrics)).to.have.length.above(2);
      expect(existsSync(textfile), 'the file is removed at the end').to.equal(false);
    });

    it('ends with 1 after an error that nobody expected, and has it in its log', async () => {
      const file = pki.file('broker.yaml', JSON.stringify(open));
      const trap = "process.once('SIGUSR2', () => { throw new Error('unexpected'); })";
      const args = ['--import', `data:text/javascript,${encodeURIComponent(trap)}`, bin, '--config', file];
      const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'pipe'] });
      let stderr = '';
      child.stderr.on('data', (text) => {
        stderr += text;
      });
      const closed = once(child, 'close');
      await once(child.stdout, 'data');
      child.kill('SIGUSR2');
      expect(await closed).to.eql([1, null]);
      expect(stderr).to.include('"msg":"uncaught exception: the broker exits"').and.to.include('unexpected');
    });

    it('explains itself', () => {
      const { status, stdout } = run('--help');
      expect(status).to.equal(0);
      expect(stdout)
        .to.include('Exit codes:\n  0 ')
        .and.to.include('Signals:\n  HUP')
        .and.to.include('Memory:');
    });

    it('warns of a revocation list that has expired when it checks, and starts with it', () => {
      const crl = pki.file('old-crl.pem', createCrl({ ca: pki.ca, number: 1, revoked: [], days: -1 }));
      const file = pki.file(
        'old-list.yaml',
        JSON.stringify({ listen: ['mqtts://127.0.0.1:0'], security: { ...pki.server(), crl } }),
      );
      const { status, stderr } = run('--config', file, '--check');
      expect(status).to.equal(0);
      expect(stderr).to.match(
        /^troupe-broker: warning: the revocation list \(CRL\) of ca\.example\.com expired on .* stays in use.*\n$/,
      );
    });

    it('names every fault when it checks, also those of addresses and patterns', () => {
      const file = pki.file(
        'faults.yaml',
        JSON.stringify({
          listen: ['mqtt://0.0.0.0:1'],
          security: { ...pki.server(), callers: { match: '/(/' } },
          collectives: { eu: ['/[/'] },
        }),
      );
      const { status, stderr } = run('--config', file, '--check');
      expect(status).to.equal(1);
      expect(stderr.trim().split('\n')).to.have.length(3);
      expect(stderr)
        .to.include('0.0.0.0 is not a loopback address')
        .and.include('security.callers.match')
        .and.include('collectives.eu');
    });

    it('checks a configuration and the files that it names', () => {
      const good = pki.file(
        'good.yaml',
        JSON.stringify({ listen: ['mqtts://0.0.0.0:1'], security: pki.server() }),
      );
      expect(run('--config', good, '--check')).to.include({
        status: 0,
        stdout: `${good}: configuration OK\n`,
      });
      const bad = pki.file(
        'bad.yaml',
        JSON.stringify({ listen: ['mqtts://0.0.0.0:1'], security: { ca: '/nowhere' } }),
      );
      const { status, stderr } = run('-c', bad, '--check');
      expect(status).to.equal(1);
      expect(stderr).to.match(
        /^troupe-broker: security\.ca: cannot read \/nowhere: .* \[FILE_UNREADABLE\]\n$/,
      );
    });

    for (const [title, args, status, message] of [
      ['no configuration', [], 2, 'missing option --config FILE (see troupe-broker --help)'],
      ['an unknown option', ['--lisen', 'x'], 2, 'unknown option --lisen (see troupe-broker --help)'],
      ['a file that is not there', ['-c', '/nowhere.yaml'], 1, 'cannot read the configuration /nowhere.yaml'],
    ] as const) {
      it(`ends with ${status} for ${title}`, () => {
        const result = run(...args);
        expect(result.status).to.equal(status);
        expect(result.stderr).to.include(message);
        expect(result.stderr).not.to.include('    at ');
      });
    }
  });

  // With aedes' own setting of `concurrency` this ends the broker: "Maximum call stack size exceeded".
  it('survives a requester that leaves while thousands of replies are on their way', async () => {
    broker = await spawnBroker(open, quiet);
    const { url, pid } = broker;
    const replies = 'mco/mcollective/reply/alice/s1';
    const join = (count: number, name: string) =>
      Promise.all(Array.from({ length: count }, (_, index) => connect(url, { clientId: `${name}${index}` })));
    const [requester, ...others] = await Promise.all([connect(url), ...(await join(110, 'n'))]);
    await requester.subscribe(`${replies}/#`);
    stopReading(requester);
    // The large ones fill the requester's socket; what comes then has to wait in the broker.
    const send = (node: TestClient, count: number, bytes: number) =>
      Promise.all(
        Array.from({ length: count }, () => node.publish(`${replies}/n`, 'x'.repeat(bytes), { qos: 1 })),
      );
    await Promise.all(others.slice(0, 10).map((node) => send(node, 1, 1_000_000)));
    await Promise.all(others.slice(10).map((node) => send(node, 40, 300)));
    requester.drop();
    const late = await connect(url);
    await late.subscribe('mco/mcollective/event/#');
    await others.at(-1)?.publish('mco/mcollective/event/n', 'alive');
    await late.hears('alive');
    expect(broker.pid).to.equal(pid);
    expect(broker.isRunning).to.equal(true);
    await Promise.all([late, ...others].map((client) => client.end()));
  });
});

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
