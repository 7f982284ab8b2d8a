import { once } from 'node:events';
import { createServer } from 'node:net';
import { expect } from 'chai';
import { describe, it } from 'mocha';
import { freePort } from '../../src/index.js';

describe('freePort', () => {
  it('gives a port that a server can listen on', async () => {
    const port = await freePort();
    const server = createServer().listen(port, '127.0.0.1');
    await once(server, 'listening');
    expect(port).to.be.greaterThan(1023);
    server.close();
  });
});
