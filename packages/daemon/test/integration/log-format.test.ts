import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, fstatSync, openSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { onTerminal, until } from '@troupe/test-support';
import { expect } from 'chai';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { Lab } from '../agents/integration/lab.js';

const mcod = fileURLToPath(new URL('../../../bin/mcod.js', import.meta.url));
const evil = 'boom\u001b[2J\n<0>2030 FATAL all is lost';
const ddl = {
  metadata: {
    name: 'odd',
    description: 'Misbehaves',
    author: 'x',
    license: 'x',
    version: '1.0.0',
    url: 'https://example.com',
    timeout: 30,
  },
  actions: [{ action: 'throws', description: 'x', mutating: false, input: {}, output: {} }],
};

describe('the log of mcod', () => {
  let lab: Lab;
  let child: ChildProcess | undefined;
  beforeEach(async () => {
    lab = new Lab();
    await lab.startBroker();
    lab.write('agent/package.json', '{ "type": "module" }');
    lab.write(
      'agent/agent.js',
      `export default { ddl: ${JSON.stringify(ddl)}, setup: () => ({ throws: () => { throw new Error(${JSON.stringify(evil)}); } }) };`,
    );
  });
  afterEach(async () => {
    signal('SIGTERM');
    if (child && child.exitCode === null) await once(child, 'exit');
    child = undefined;
    await lab.close();
  });

  const signal = (name: NodeJS.Signals) => {
    if (child) process.kill(Number(readFileSync(`${lab.folder}/pid`, 'utf8')), name);
  };
  const words = (log: string) => [
    process.execPath,
    mcod,
    '--config',
    lab.write(
      'mcod.yaml',
      `{ identity: node1.example.net, broker: { urls: ['${lab.url}'] }, security: { mode: none }, state_dir: ${lab.folder}/state, facts: { paths: [] }, pid_file: ${lab.folder}/pid, agents: [./agent/agent.js], log: ${log} }`,
    ),
  ];
  // A file, whose place JOURNAL_STREAM may name, as the socket of the journal is named by systemd.
  const serveToFile = (log: string, isJournal: boolean) => {
    const path = lab.write('stderr', '');
    const fd = openSync(path, 'a');
    const { dev, ino } = fstatSync(fd);
    const [program = '', ...args] = words(log);
    child = spawn(program, args, {
      stdio: ['ignore', 'ignore', fd],
      env: { ...process.env, JOURNAL_STREAM: isJournal ? `${dev}:${ino}` : '8:15' },
    });
    closeSync(fd);
    return () => readFileSync(path, 'utf8').split('\n').slice(0, -1);
  };
  const ready = (lines: () => readonly string[]) =>
    until('it is ready', () => lines().some((line) => / ready |"msg":"ready"/.test(line)));
  const failed = (lines: () => readonly string[], times = 1) =>
    until('the failure is logged', () => lines().filter((line) => line.includes('boom')).length >= times);
  const time = String.raw`\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z`;

  it('is text on a terminal, one line for each event, and stacks from debug on', async function () {
    const [program, args] = onTerminal(this, words('{ level: info }'));
    let output = '';
    child = spawn(program, args, { stdio: ['ignore', 'pipe', 'ignore'] });
    child.stdout?.on('data', (bytes) => {
      output += bytes;
    });
    const lines = () => output.split('\r\n').slice(0, -1);
    await ready(lines);
    await lab.ask('odd', 'throws');
    await failed(lines);
    for (const line of lines()) expect(line).to.match(new RegExp(`^${time} (INFO |WARN |ERROR) [ -~]+$`));
    expect(lines().find((line) => line.includes(' ready '))).to.match(
      /INFO {2}ready identity=node1\.example\.net collectives=\["mcollective"\] agents=\[/,
    );
    expect(lines().find((line) => line.includes('boom'))).to.include(
      'err="boom\\u001b[2J\\n<0>2030 FATAL all is lost"',
    );
    signal('SIGUSR1');
    await until('it logs more', () => output.includes('from=info to=debug'));
    await lab.ask('odd', 'throws');
    await until('there is a stack', () => /\r\n {8}at .*agent\.js/.test(output));
    expect(output.replaceAll('\r\n', '')).to.match(/^[ -~]+$/);
  });

  it('is text with priorities in the journal', async () => {
    const lines = serveToFile('{ level: info }', true);
    await ready(lines);
    await lab.ask('odd', 'throws');
    await failed(lines);
    for (const line of lines())
      expect(line).to.match(new RegExp(`^(<6>${time} INFO |<4>${time} WARN |<3>${time} ERROR) [ -~]+$`));
    expect(lines().find((line) => line.includes('boom'))).to.match(/^<3>/);
  });

  it('is JSON in a file, although the journal is where its parent logs', async () => {
    const lines = serveToFile('{ level: info }', false);
    await ready(lines);
    const [line] = lines()
      .map((text) => JSON.parse(text))
      .filter(({ msg }) => msg === 'ready');
    expect(line).to.include({ level: 30, identity: 'node1.example.net' });
  });

  it('is what log.format says, wherever it goes', async () => {
    const lines = serveToFile('{ format: json }', true);
    await ready(lines);
    for (const line of lines()) expect(line).to.match(/^\{"level":/);
    signal('SIGTERM');
    if (child) await once(child, 'exit');
    const log = `${lab.folder}/log`;
    serveToFile(`{ format: text, file: ${log} }`, false);
    const read = () => {
      try {
        return readFileSync(log, 'utf8').split('\n').slice(0, -1);
      } catch {
        return [];
      }
    };
    await ready(read);
    for (const line of read()) expect(line).to.match(new RegExp(`^${time} `));
  });
});
