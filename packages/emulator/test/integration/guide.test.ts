import { readFile } from 'node:fs/promises';
import { spawnBroker } from '@troupe/broker';
import { connect, loadClientConfig } from '@troupe/client';
import { createTempFolder } from '@troupe/testkit';
import { expect } from 'chai';
import { describe, it } from 'mocha';
import { emulatedHosts, makeSite, startMasters } from '../../src/index.js';

const inPackage = (path: string) => new URL(`../../../${path}`, import.meta.url);
const flat = (code: string) => code.replaceAll(/\s+/g, ' ').trim();

describe('the guide for emulated hosts', () => {
  it('shows what boots them', async function () {
    this.timeout(60_000);
    await using temporary = await createTempFolder({ prefix: 'troupe-emulator', mode: 0o711 });
    const folder = temporary.path;
    const hooks = {};
    const site = await makeSite({ folder, masters: 1, provisioner: { hooks } });
    const broker = await spawnBroker(site.broker);
    const masters = await startMasters(site);
    const hosts = emulatedHosts({
      site,
      instances: 3,
      behaviour: (index) => (index === 2 ? 'planted' : 'healthy'),
    });
    await Promise.all(hosts.map((host) => host.start()));
    const client = await connect({ config: loadClientConfig(site.clientFile) });
    try {
      const { nodes } = await client.discover({ collective: 'provisioning' });
      expect(nodes).to.have.members(hosts.map(({ identity }) => identity));
    } finally {
      await client.close();
      await Promise.all([...hosts.map((host) => host.stop()), ...masters.map((master) => master.close())]);
      await broker.stop();
    }
  });

  it('shows this test', async () => {
    const guide = await readFile(inPackage('../../docs/guides/testing-agents.md'), 'utf8');
    const here = flat(await readFile(inPackage('test/integration/guide.test.ts'), 'utf8'));
    const blocks = [...guide.matchAll(/```ts\n(.*?)```/gs)].map(([, code = '']) => code);
    const [shown = '', ...others] = blocks.filter((code) => code.includes('makeSite'));
    expect(others).to.deep.equal([]);
    expect(here).to.contain(flat(shown.replaceAll(/^\/\/ .*\n/gm, '')));
  });
});
