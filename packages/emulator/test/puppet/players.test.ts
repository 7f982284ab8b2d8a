import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { onLine } from '@troupe/core';
import { expect } from 'chai';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { servePlayers } from '../../src/puppet/players.js';

describe('a process that plays runs of Puppet', () => {
  let folder: string;
  let socket: string;
  let stop: () => void;
  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'players-'));
    socket = join(folder, 'socket');
    stop = await servePlayers(socket);
  });
  afterEach(() => {
    stop();
    rmSync(folder, { recursive: true });
  });

  it('survives one that asks and is killed before it reads the answer', async () => {
    const rejections: unknown[] = [];
    const note = (reason: unknown) => rejections.push(reason);
    process.prependListener('unhandledRejection', note);
    try {
      const killed = connect(socket);
      // Node would read at once what the kernel has for it; what is unread when it ends resets the connection.
      killed.pause();
      await once(killed, 'connect');
      killed.write('{}\n');
      await delay(100);
      killed.destroy();
      await delay(100);
      const other = connect(socket);
      await once(other, 'connect');
      const answer = new Promise<string>((resolve) => onLine(other, resolve));
      other.write('{}\n');
      expect(JSON.parse(await answer)).to.include({ pid: process.pid });
      other.destroy();
      expect(rejections).to.deep.equal([]);
    } finally {
      process.off('unhandledRejection', note);
    }
  });
});
