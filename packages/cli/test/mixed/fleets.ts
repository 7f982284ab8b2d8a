import { skip, type TestBrokerKind } from '@troupe/testkit';
import { after, before, describe } from 'mocha';
import { calling } from './behaviours/calling.js';
import { finding } from './behaviours/finding.js';
import { jobs } from './behaviours/jobs.js';
import { killing } from './behaviours/killing.js';
import { leaving } from './behaviours/leaving.js';
import { library } from './behaviours/library.js';
import { type Build, newBuild, oldBuild } from './builds.js';
import { MixedNetwork, type NodeDescription } from './network.js';
import type { Scene } from './scene.js';

const web = { facts: { country: 'mt', os: { name: 'Debian' }, cores: 2 }, classes: ['role::web'] };
const db = { facts: { country: 'de', os: { name: 'Debian' }, cores: 8 }, classes: ['role::db'] };

/** Four nodes and one that has left, in pairs that only differ in the version of their daemon. */
function fleet(first: Build, second: Build): Record<string, NodeDescription> {
  return {
    'a.lab': { ...web, build: first, hasAgent: true },
    'b.lab': { ...web, build: second, hasAgent: true },
    'c.lab': { ...db, build: first, hasAgent: true },
    'd.lab': { ...db, build: second, hasAgent: false },
    'gone.lab': { ...db, build: first, hasAgent: true },
  };
}

const fleets = {
  'old daemons': fleet(oldBuild, oldBuild),
  'new daemons': fleet(newBuild, newBuild),
  'old and new daemons': fleet(oldBuild, newBuild),
};

export interface FleetsOptions {
  /** The fleets; default: all. */
  readonly titles?: readonly (keyof typeof fleets)[];
  /** Whether the configuration of the broker does not let callers publish events. */
  readonly losesEvents?: boolean;
}

/** Declares the suite: on one broker, the behaviours of the clients of both versions with some of the fleets. */
export function declareFleets(place: string, kind: TestBrokerKind, options: FleetsOptions = {}): void {
  const { titles = Object.keys(fleets) as (keyof typeof fleets)[], losesEvents = false } = options;
  for (const title of titles)
    describe(`${title} on ${place}`, function () {
      this.timeout(120_000);
      let network: MixedNetwork;

      before(async function () {
        const missing = kind.missing();
        if (missing !== undefined) skip(this, missing);
        network = await MixedNetwork.start(kind, fleets[title]);
        await network.node('gone.lab').daemon.stop();
      });
      after(() => network?.stop());

      for (const [build, other] of [
        [oldBuild, newBuild],
        [newBuild, oldBuild],
      ] as const)
        describe(`${build.version} mco`, () => {
          const scene = (): Scene => ({
            network,
            build,
            mco: network.mco(build),
            other: network.mco(other),
            losesEvents,
          });
          finding(scene);
          calling(scene);
          jobs(scene);
          killing(scene);
          library(scene);
        });

      describe('at the end', () =>
        leaving(
          () => network,
          ({ msg }) => msg === 'the action failed unexpectedly',
        ));
    });
}
