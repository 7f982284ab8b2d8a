import { expect } from 'chai';
import { it } from 'mocha';
import { newBuild, oldBuild } from '../builds.js';
import { documentOf } from '../mco.js';
import type { MixedNetwork } from '../network.js';

// Of pino: what is worse than info.
const warning = 40;

/** What the daemons of a fleet leave behind when all tests with it have run. Shuts the daemons down. */
export function leaving(network: () => MixedNetwork): void {
  it('ends with daemons that have authenticated every message', async () => {
    await network().stopDaemons();
    for (const name of network().nodes.keys()) {
      const { counts } = await network().statusOf(name);
      expect(counts, name).to.include({ unvalidated: 0, ttlexpired: 0 });
      const outcomes = (await network().auditLines(name)).map(({ outcome }) => outcome);
      expect(outcomes, name).to.not.include('invalid');
    }
  });

  it('ends with daemons that have logged nothing unexpected', () => {
    const expected = ['the action failed unexpectedly'];
    for (const name of network().nodes.keys()) {
      const logged = network()
        .logOf(name)
        .filter(({ level, msg }) => Number(level) >= warning && !expected.includes(String(msg)));
      expect(logged, name).to.deep.equal([]);
    }
  });

  for (const build of [oldBuild, newBuild])
    it(`leaves audit logs that the ${build.version} mco verifies`, async () => {
      const files = [...network().nodes.keys()].map((name) => network().auditOf(name));
      const ran = await network()
        .mco(build)
        .run('audit', 'verify', ...files);
      expect(ran, ran.stderr).to.include({ code: 0 });
      const inJson = await network()
        .mco(build)
        .run('audit', 'verify', ...files, '--json');
      expect(documentOf(inJson)).to.not.equal(undefined);
    });
}
