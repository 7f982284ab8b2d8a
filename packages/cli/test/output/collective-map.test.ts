import { expect } from 'chai';
import { describe, it } from 'mocha';
import { collectiveMap } from '../../src/output/collective-map.js';

describe('the map of collectives', () => {
  it("is a graph of collectives and their nodes, also where a node has a collective's name", () => {
    const members = new Map([
      ['web', ['b', 'a']],
      ['all', ['a', 'web']],
    ]);
    expect(collectiveMap(members)).to.equal(`graph "collectives" {
  overlap=false;
  splines=true;
  "collective all" [label="all", shape=box];
  "collective web" [label="web", shape=box];
  "a";
  "b";
  "web";
  "collective all" -- "a";
  "collective all" -- "web";
  "collective web" -- "a";
  "collective web" -- "b";
}
`);
  });
});
