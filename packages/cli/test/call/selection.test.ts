import { writeFile } from 'node:fs/promises';
import { createTempFolder } from '@troupe/testkit';
import { expect } from 'chai';
import { describe, it } from 'mocha';
import { filterOf, selectionOf } from '../../src/call/selection.js';

describe('the nodes that options mean', () => {
  it('gathers both spellings of a filter', () => {
    const filter = filterOf({
      withFact: ['os.name=Debian'],
      wf: ['country!=mt'],
      withClass: ['web'],
      wc: ['/^role/'],
      withAgent: ['puppetd'],
      wi: ['a.lab'],
      with: ['db os.name=Debian'],
    });
    expect(filter.facts.map(({ fact, operator, value }) => `${fact}${operator}${value}`)).to.deep.equal([
      'os.name==Debian',
      'country!=mt',
      'os.name==Debian',
    ]);
    expect(filter.classes).to.deep.equal(['web', '/^role/', 'db']);
    expect(filter).to.deep.include({ agents: ['puppetd'], identities: ['a.lab'] });
  });

  it('reports the word that is not a valid filter', () => {
    expect(() => filterOf({ withFact: ['country'] })).to.throw(
      '"country" is not a fact filter: write FACT=VALUE',
    );
    expect(() => filterOf({ select: ['a and'] })).to.throw('a and');
  });

  it('narrows the names of a file by -I', async () => {
    await using folder = await createTempFolder();
    await writeFile(folder.join('nodes'), 'web1.lab\nweb2.lab\ndb1.lab\n');
    const identities = async (withIdentity?: string[]) =>
      (await selectionOf({ nodes: folder.join('nodes'), ...(withIdentity ? { withIdentity } : {}) }))
        .identities;
    expect(await identities()).to.deep.equal(['web1.lab', 'web2.lab', 'db1.lab']);
    expect(await identities(['/^web/'])).to.deep.equal(['web1.lab', 'web2.lab']);
    const unknown = await identities(['mail.lab']).then(String, (error: Error) => error.message);
    expect(unknown).to.match(/^-I matches no node in --nodes .*nodes$/);
    expect(await identities(['db1.lab', 'web2.lab'])).to.deep.equal(['web2.lab', 'db1.lab']);
  });
});
