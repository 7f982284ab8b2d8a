import { emptyFilter, type FilterWords, parseFilter } from '@troupe/core';
import { expect } from 'chai';
import { describe, it } from 'mocha';
import { pqlOf } from '../../src/discovery/pql.js';

const alive = 'deactivated is null and expired is null';
const facts = (term: string) => `${alive} and certname in inventory[certname] { ${term} }`;

describe("PuppetDB's query language", () => {
  const table: readonly [what: string, FilterWords, terms: string][] = [
    ['no filter', {}, alive],
    ['a name', { identities: ['a.lab'] }, `${alive} and certname in ["a.lab"]`],
    [
      'names and a pattern',
      { identities: ['a', 'b', '/^web\\d/'] },
      `${alive} and (certname in ["a", "b"] or certname ~ "^web\\\\d")`,
    ],
    [
      'a class',
      { classes: ['apache::mod_ssl'] },
      `${alive} and certname in resources[certname] { type = "Class" and title = "Apache::Mod_ssl" }`,
    ],
    [
      'a pattern of classes',
      { classes: ['/apache/'] },
      `${alive} and certname in resources[certname] { type = "Class" and title ~ "(?i)apache" }`,
    ],
    ['a fact', { facts: ['os.family=Debian'] }, facts('facts.os.family = "Debian"')],
    [
      'a fact that may be a number',
      { facts: ['processors.count=4'] },
      facts('(facts.processors.count = 4 or facts.processors.count = "4")'),
    ],
    [
      'a fact that may be a truth',
      { facts: ['is_virtual=true'] },
      facts('(facts.is_virtual = true or facts.is_virtual = "true")'),
    ],
    ['a fact that only looks like a number', { facts: ['release=7.10'] }, facts('facts.release = "7.10"')],
    ['a fact with a pattern', { facts: ['role=/^web\\/x/i'] }, facts('facts.role ~ "(?i)^web/x"')],
    ['a text with quotes', { facts: ['motd=a"b\\c'] }, facts('facts.motd = "a\\"b\\\\c"')],
  ];
  for (const [what, words, terms] of table) {
    it(`says ${what}`, () => {
      const { query, rest } = pqlOf(parseFilter(words));
      expect(query).to.equal(`nodes[certname] { ${terms} }`);
      expect(rest).to.deep.equal(emptyFilter);
    });
  }

  it('leaves to the nodes what PuppetDB would understand in another way', () => {
    const filter = parseFilter({
      facts: ['a!=b', 'uptime>5', 'models.0=x', 'os=x'],
      agents: ['puppet'],
      select: ['web or os=x'],
    });
    const { query, rest } = pqlOf(filter);
    expect(query).to.equal(`nodes[certname] { ${facts('facts.os = "x"')} }`);
    expect(rest).to.deep.equal({ ...filter, facts: filter.facts.slice(0, 3) });
  });
});
