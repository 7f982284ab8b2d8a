import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync } from 'node:fs';
import { openFiles } from '@troupe/test-support';
import { expect } from 'chai';
import { describe, it } from 'mocha';
import { openPipes, type Pipe, pipeMakers } from '../src/pipe.js';

describe('pipes to a program', () => {
  // Opens its streams by their names, which it cannot do with sockets, and reads after the input has ended.
  const talk = async ([input, output]: readonly Pipe[]) => {
    if (!input || !output) throw new Error('there are no pipes');
    const script = 'sleep 0.1; cat /dev/stdin > /dev/stdout; echo done > /dev/stderr';
    const child = spawn('/bin/sh', ['-c', script], { stdio: [input.theirs, output.theirs, output.theirs] });
    for (const { theirs } of [input, output]) closeSync(theirs);
    input.ours.end('question\n');
    const chunks: Buffer[] = [];
    output.ours.on('data', (chunk: Buffer) => chunks.push(chunk));
    await Promise.all([once(output.ours, 'close'), once(child, 'exit')]);
    return Buffer.concat(chunks).toString();
  };

  for (const maker of pipeMakers) {
    it(`are made by ${maker.shell}`, async () => {
      const pipes = await openPipes(['write', 'read'], [maker]);
      expect(await talk(pipes ?? [])).to.equal('question\ndone\n');
    });
  }

  it('are made by the next shell if one cannot', async () => {
    const missing = { ...pipeMakers[0], shell: '/nowhere/sh' } as (typeof pipeMakers)[number];
    const files = { shell: '/bin/sh', redirect: (fd: number) => [`${fd}</dev/null`, ''] as const };
    const pipes = await openPipes(['write', 'read'], [missing, files, ...pipeMakers]);
    expect(await talk(pipes ?? [])).to.equal('question\ndone\n');
  });

  it('are none if no shell can make them, and nothing stays open', async () => {
    const files = { shell: '/bin/sh', redirect: (fd: number) => [`${fd}</etc/hostname`, ''] as const };
    expect(await openPipes(['read', 'read'], [files])).to.equal(undefined);
    expect(openFiles('/etc') ?? []).to.deep.equal([]);
  });

  it('are none if none is asked for', async () => {
    expect(await openPipes([])).to.deep.equal([]);
  });
});
