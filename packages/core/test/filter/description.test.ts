import { expect } from 'chai';
import { describe, it } from 'mocha';
import { describe as inEnglish } from '../../src/filter/description.js';
import { emptyFilter } from '../../src/filter/filter.js';
import { parseFilter } from '../../src/filter/parse.js';

describe('a filter in English', () => {
  it('names every condition', () => {
    const filter = parseFilter({
      identities: ['web1', '/^db/'],
      agents: ['puppetd'],
      classes: ['/^apache/'],
      facts: ['os.family!=Debian', 'cpus>=4'],
      select: ['(a or not b=/x/i) and fstat("/etc/x").size<10 and puppet().enabled=false'],
    });
    expect(inEnglish(filter).split('\n')).to.deep.equal([
      'Nodes where:',
      '  - the identity is web1 or matches /^db/',
      '  - the agent puppetd is present',
      '  - a class that matches /^apache/ is present',
      '  - the fact os.family is set and is not "Debian"',
      '  - the fact cpus is at least "4"',
      '  - (the class a is present or not (the fact b matches /x/i))' +
        ' and the output size of the data plugin fstat for "/etc/x" is less than "10"' +
        ' and the output enabled of the data plugin puppet is "false"',
    ]);
  });

  for (const [words, line] of [
    [{ identities: ['web1'] }, 'the identity is web1'],
    [{ identities: ['/^DB/i'] }, 'the identity matches /^DB/i'],
    [{ agents: ['/^PUPPET/i'] }, 'an agent that matches /^PUPPET/i is present'],
    [{ classes: ['apache'] }, 'the class apache is present'],
    [{ facts: ['a=1'] }, 'the fact a is "1"'],
    [{ facts: ['a!~1'] }, 'the fact a is set and does not match /1/'],
    [{ facts: ['a<1'] }, 'the fact a is less than "1"'],
    [{ facts: ['a<=1'] }, 'the fact a is at most "1"'],
    [{ facts: ['a>1'] }, 'the fact a is more than "1"'],
    [
      { select: ['a or b and c'] },
      'the class a is present or (the class b is present and the class c is present)',
    ],
  ] as const) {
    it(`says: ${line}`, () => {
      expect(inEnglish(parseFilter(words))).to.equal(`Nodes where:\n  - ${line}`);
    });
  }

  it('describes a filter without conditions', () => {
    expect(inEnglish(emptyFilter)).to.equal('All nodes.');
  });
});
