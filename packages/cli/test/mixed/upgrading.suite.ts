import { skip, testBrokers } from '@troupe/testkit';
import { expect } from 'chai';
import { after, before, describe, it } from 'mocha';
import { leaving } from './behaviours/leaving.js';
import { type Build, newBuild, oldBuild } from './builds.js';
import { connectLibrary } from './library.js';
import { ddl } from './mixed-agent.js';
import { MixedNetwork } from './network.js';

const name = 'a.lab';

describe('a host that is upgraded, and then downgraded', function () {
  this.timeout(120_000);
  let network: MixedNetwork;

  before(async () => {
    network = await MixedNetwork.start(testBrokers.embedded, {
      [name]: { build: oldBuild, facts: { country: 'mt' }, classes: [], hasAgent: true },
    });
  });
  after(() => network?.stop());

  for (const [from, to] of [
    [oldBuild, newBuild],
    [newBuild, oldBuild],
  ] as const)
    for (const client of [oldBuild, newBuild]) {
      const title = `from ${from.version} to ${to.version}, called by the ${client.version} client`;
      it(`does not run again what ran before: ${title}`, async function () {
        if (client === newBuild && to === oldBuild)
          skip(this, 'a client that runs keeps to version 2 with a host that is downgraded');
        if (network.node(name).build !== from) await network.replaceDaemon(name, from);
        await expectOnce(client, to);
      });
    }

  async function expectOnce(build: Build, to: Build): Promise<void> {
    await using connection = await connectLibrary(build, network.clientConfig);
    const { client, tap } = connection;
    const call = (nonce: string) => client.call(ddl, 'change', { nonce }, { targets: [name] }).all();
    const nonce = network.nonce();
    const [first] = await call(nonce);
    expect(first?.state).to.equal('ok');
    const messages = [...tap.sent];
    await network.replaceDaemon(name, to);
    await tap.replay(messages);
    const next = network.nonce();
    const [second] = await call(next);
    expect(second?.state).to.equal('ok');
    expect(await network.executions(next)).to.deep.equal([name]);
    expect(await network.executions(nonce)).to.deep.equal([name]);
  }

  it('reports an unknown outcome for an action that the upgrade has ended', async () => {
    if (network.node(name).build !== oldBuild) await network.replaceDaemon(name, oldBuild);
    const nonce = network.nonce();
    const mco = network.mco(newBuild);
    const { stdout: id } = await mco.run('rpc', 'mixed', 'hold', `nonce=${nonce}`, '-I', name, '--nr');
    await network.executed(nonce, [name]);
    network.node(name).daemon.kill('SIGKILL');
    await network.node(name).daemon.exited;
    await network.replaceDaemon(name, newBuild);
    expect((await mco.call('job', 'attach', id, '-I', name)).states).to.deep.equal({ [name]: 'unknown' });
    expect(await network.executions(nonce)).to.deep.equal([name]);
  });

  it('is called by an mco that uses the cached DDLs of the other version', async () => {
    for (const build of [oldBuild, newBuild, oldBuild]) {
      const { code, states } = await network.mco(build, 'shared').call('rpc', 'mixed', 'weigh');
      expect({ code, states }).to.deep.equal({ code: 0, states: { [name]: 'ok' } });
    }
  });

  // The earlier version removes what the later one needs to see that no id is missing.
  const expected =
    'its first line is damaged or missing, or an earlier version of mcod has replaced the file';

  describe('at the end', () =>
    leaving(
      () => network,
      ({ reason }) => reason === expected,
    ));
});
