import {
  aotJar,
  createTempFolder,
  freePort,
  PuppetServer,
  puppetAgentMissing,
  puppetServerMissing,
  skip,
  type TempFolder,
} from '@troupe/testkit';
import { expect } from 'chai';
import { after, before, describe, it } from 'mocha';
import { puppetNode } from './puppet-node.js';

describe('a first run against a server that speaks TLS 1.3', function () {
  this.timeout(120_000);
  let folder: TempFolder;
  let server: PuppetServer;

  before(async function () {
    this.timeout(600_000);
    const missing = puppetAgentMissing() ?? puppetServerMissing();
    if (missing) skip(this, missing);
    folder = await createTempFolder({ prefix: 'troupe-tls13', mode: 0o711 });
    const address = '127.0.0.1';
    server = await PuppetServer.start({
      name: 'm13',
      folder: folder.join('m13'),
      address,
      port: await freePort(address),
      certname: 'm13.lab',
      tlsVersions: ['TLSv1.3'],
      code: { 'production/manifests/site.pp': '' },
      aotJar: aotJar(),
    });
  });

  after(async function () {
    this.timeout(60_000);
    await server?.stop();
    await folder?.close();
  });

  it('does not stall as Puppet alone does, because each request gets a connection of its own', async () => {
    const ended: string[] = [];
    const first = async (name: string, options: { closeConnections?: boolean }) => {
      const node = await puppetNode(folder.path, name, server);
      const { outcome, reason } = await node.run(options);
      expect(outcome, reason).to.equal('not-signed');
      ended.push(name);
    };
    // Begun first, it would end first but for the 30 seconds that it waits for nothing.
    const alone = first('alone.lab', { closeConnections: false });
    await first('quick.lab', {});
    await alone;
    expect(ended).to.deep.equal(['quick.lab', 'alone.lab']);
  });
});
