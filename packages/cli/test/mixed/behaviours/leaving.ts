import { expect } from 'chai';
import { it } from 'mocha';
import { newBuild, oldBuild } from '../builds.js';
import { documentOf } from '../mco.js';
import type { MixedNetwork } from '../network.js';

// Of pino: what is worse than info.
const warning = 40;

type LogLine = Readonly<Record<string, unknown>>;

/**
 * What the daemons of a fleet leave behind when all tests with it have run. Shuts the daemons down. `expects` says which
 * warnings and errors in their logs are due to the tests.
 */
export function leaving(
  network: () => MixedNetwork,
  expects: (line: LogLine) => boolean = () => false,
): void {
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
    for (const name of network().nodes.keys()) {
      const logged = network()
        .logOf(name)
        .filter((line) => Number(line.level) >= warning && !expects(line));
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
