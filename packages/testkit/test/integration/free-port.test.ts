import { once } from 'node:events';
import { createServer } from 'node:net';
import { expect } from 'chai';
import { describe, it } from 'mocha';
import { freePort, freePorts } from '../../src/index.js';

describe('freePort', () => {
  it('gives a port that a server can listen on', async () => {
    const port = await freePort();
    const server = createServer().listen(port, '127.0.0.1');
    await once(server, 'listening');
    expect(port).to.be.greaterThan(1023);
    server.close();
  });
});

describe('freePorts', () => {
  it('gives the first of ports in a row that servers can listen on', async () => {
    const first = await freePorts(3);
    const servers = [0, 1, 2].map((index) => createServer().listen(first + index, '127.0.0.1'));
    for (const server of servers) {
      if (!server.listening) await once(server, 'listening');
    }
    expect(servers.every(({ listening }) => listening)).to.equal(true);
    for (const server of servers) server.close();
  });
});
