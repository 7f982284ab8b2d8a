import { testBrokers } from '@troupe/testkit';
import { oldBuild } from './builds.js';
import { declareFleets } from './fleets.js';

const old = await oldBuild.load<typeof import('@troupe/testkit')>('testkit');

declareFleets('Mosquitto', testBrokers.mosquitto);
// The files that an earlier mco broker config has made.
declareFleets('Mosquitto with an old configuration', old.testBrokers.mosquitto, {
  titles: ['old and new daemons'],
  losesEvents: true,
});
