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
      '  - the fact os.family is known and is not "Debian"',
      '  - the fact cpus is at least "4"',
      '  - (the class a is present or it is not so that (the fact b matches /x/i))' +
        ' and what the data plugin fstat says for "/etc/x" as size is less than "10"' +
        ' and what the data plugin puppet says as enabled is "false"',
    ]);
  });

  it('says so when there is none', () => {
    expect(inEnglish(emptyFilter)).to.equal('All nodes.');
  });
});
