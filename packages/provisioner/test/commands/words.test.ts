import { readFileSync, statSync } from 'node:fs';
import { createTempFolder } from '@troupe/testkit';
import { expect } from 'chai';
import { describe, it } from 'mocha';
import type { Io } from '../../src/commands/io.js';
import { logDestination, readable } from '../../src/commands/log-lines.js';
import { table } from '../../src/commands/table.js';

describe('a table', () => {
  it('has its columns as wide as their widest cell, the last one as it is, and no blanks at the ends', () => {
    expect(
      table([
        ['NODE', 'STATE', ''],
        ['web1.example.net', 'done', 'a reason'],
        ['a', 'quarantined', ''],
        ['b', ''],
      ]),
    ).to.equal(
      [
        'NODE              STATE',
        'web1.example.net  done         a reason',
        'a                 quarantined',
        'b',
        '',
      ].join('\n'),
    );
  });

  it('is empty without rows', () => {
    expect(table([])).to.equal('');
  });
});

describe('a log line', () => {
  const time = new Date(2030, 0, 1, 4, 5, 6).getTime();

  for (const [line, words] of [
    [{ level: 30, node: 'web1', msg: 'done' }, '04:05:06 web1: done'],
    [{ level: 30, msg: 'waiting for nodes' }, '04:05:06 waiting for nodes'],
    [{ level: 40, node: 'web1', msg: 'no', reason: 'silence' }, '04:05:06 warning web1: no: silence'],
    [{ level: 50, msg: 'no: silence', reason: 'silence' }, '04:05:06 error no: silence'],
    [{ level: 10, msg: 'a' }, '04:05:06 trace a'],
    [{ level: 20, msg: 'a' }, '04:05:06 debug a'],
    [{ level: 60 }, '04:05:06 fatal'],
    [{ level: 35, msg: 'a', reason: 7 }, '04:05:06 a'],
  ] as const) {
    it(`reads ${words}`, () => {
      expect(readable(JSON.stringify({ time, ...line }))).to.equal(`${words}\n`);
    });
  }

  const line = `${JSON.stringify({ time, level: 30, msg: 'a' })}\n`;
  for (const [file, isTerminal, expected] of [
    [undefined, true, ['err', '04:05:06 a\n']],
    [undefined, false, ['err', line]],
    ['/dev/stderr', true, ['err', '04:05:06 a\n']],
    ['/dev/stdout', true, ['out', line]],
  ] as const) {
    it(`goes to ${file ?? 'standard error'}${isTerminal ? ' of a terminal' : ''} as ${JSON.stringify(expected)}`, () => {
      const written: [string, string][] = [];
      const write = (where: string) => (text: string) => written.push([where, text]);
      const io = { out: write('out'), err: write('err'), isTerminal } as unknown as Io;
      logDestination(io, { level: 'info', ...(file === undefined ? {} : { file }) }).write(line);
      expect(written).to.deep.equal([expected]);
    });
  }

  it('goes to the end of a file, for which a folder is made', async () => {
    await using folder = await createTempFolder();
    const file = folder.join('log/a/mcprovision.log');
    const destination = logDestination({} as Io, { level: 'info', file });
    destination.write(line);
    destination.write(line);
    expect(readFileSync(file, 'utf8')).to.equal(line + line);
    expect(statSync(file).mode & 0o137, 'nobody else reads it').to.equal(0);
  });
});
