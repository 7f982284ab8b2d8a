import { readFileSync, renameSync, statSync } from 'node:fs';
import { createLogger } from '@troupe/core';
import { createTempFolder } from '@troupe/testkit';
import { expect } from 'chai';
import { describe, it } from 'mocha';
import type { Io } from '../../src/commands/io.js';
import { logDestination } from '../../src/commands/log-destination.js';

describe('the log of mcprovision', () => {
  const json = /^\{"level":30,"time":\d+,"node":"web1","msg":"done"\}\n$/;
  const text = /^\d{4}-\d\d-\d\dT[\d:.]+Z INFO {2}done node=web1\n$/;

  for (const [file, outputs, expected] of [
    [undefined, { out: 'other', err: 'terminal' }, ['err', text]],
    [undefined, { out: 'terminal', err: 'other' }, ['err', json]],
    ['/dev/stderr', { out: 'other', err: 'terminal' }, ['err', text]],
    ['/dev/stdout', { out: 'other', err: 'terminal' }, ['out', json]],
    ['/dev/stdout', { out: 'terminal', err: 'other' }, ['out', text]],
  ] as const) {
    const isText = expected[1] === text;
    it(`goes to ${file ?? 'standard error'}, where it is ${isText ? 'text' : 'JSON'} if ${isText ? 'that is a' : 'only the other stream is a'} terminal`, () => {
      const written: [string, string][] = [];
      const write = (where: string) => (line: string) => written.push([where, line]);
      const io = { out: write('out'), err: write('err'), outputs } as unknown as Io;
      createLogger({ level: 'info', ...logDestination(io, file) }).info({ node: 'web1' }, 'done');
      expect(written).to.have.length(1);
      expect(written[0]?.[0]).to.equal(expected[0]);
      expect(written[0]?.[1]).to.match(expected[1]);
    });
  }

  it('goes to a new file after a rotation, as soon as it is opened again', async () => {
    await using folder = await createTempFolder();
    const file = folder.join('mcprovision.log');
    const { reopen, ...destination } = logDestination({} as Io, file);
    const log = createLogger({ level: 'info', ...destination });
    log.info('a');
    renameSync(file, `${file}.1`);
    reopen?.();
    log.info('b');
    expect(readFileSync(`${file}.1`, 'utf8')).to.match(/^\{.*"msg":"a"\}\n$/);
    expect(readFileSync(file, 'utf8')).to.match(/^\{.*"msg":"b"\}\n$/);
  });

  it('goes to the end of a file, as JSON, for which a folder is made', async () => {
    await using folder = await createTempFolder();
    const file = folder.join('log/a/mcprovision.log');
    const log = createLogger({ level: 'info', ...logDestination({} as Io, file) });
    log.info('a');
    log.info('b');
    expect(readFileSync(file, 'utf8')).to.match(/^\{.*"msg":"a"\}\n\{.*"msg":"b"\}\n$/);
    expect(statSync(file).mode & 0o137, 'nobody else reads it').to.equal(0);
  });
});
