import { testBrokers } from '@troupe/testkit';
import { oldBuild } from './builds.js';
import { declareFleets } from './fleets.js';

const old = await oldBuild.load<typeof import('@troupe/testkit')>('testkit');

declareFleets('the embedded broker', testBrokers.embedded);
// Whoever upgrades the hosts first.
declareFleets('the old embedded broker', old.testBrokers.embedded, {
  titles: ['old and new daemons'],
});
