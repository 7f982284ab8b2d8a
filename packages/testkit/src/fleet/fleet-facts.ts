import type { Facts } from '@troupe/core';

const regions = ['eu-1', 'eu-2', 'us-1', 'ap-1'];
const roles = ['web', 'db', 'cache', 'queue', 'mail'];

/** The facts of emulated node number `index`: what filters can tell them apart by. */
export function fleetFacts(index: number): Facts {
  return {
    index,
    region: regions[index % regions.length],
    role: roles[index % roles.length],
    rack: `r${Math.floor(index / 40)}`,
    os: { family: 'Debian', release: { major: index % 3 === 0 ? '11' : '12' } },
    processors: { count: 2 ** (index % 6) },
  };
}
