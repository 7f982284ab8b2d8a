import { expect } from 'chai';
import { describe, it } from 'mocha';
import { emptyFilter, parseFilter } from '../../src/filter/index.js';
import { listHint } from '../../src/filter/list-hint.js';

describe('a filter that compares with a list', () => {
  it('is explained by the filter that was meant, which is a sound one', () => {
    const hint = listHint(parseFilter({ facts: ['role="web,db"'] }));
    expect(hint).to.equal(
      `role=web,db compares with the text "web,db" as a whole: for either of its values, write -F 'role=/^(web|db)$/'`,
    );
    expect(() => parseFilter({ facts: ['role=/^(web|db)$/'] })).to.not.throw();
    expect(listHint(parseFilter({ facts: ['role!="web,db"'] }))).to.include(
      "for none of its values, write -F 'role!~/",
    );
    expect(listHint(parseFilter({ classes: ['"role::web,role::db"'] }))).to.include(
      "-C '/^(role::web|role::db)$/'",
    );
    expect(listHint({ ...emptyFilter, agents: ['a,b'] })).to.include("-A '/^(a|b)$/'");
  });

  it('has no hint if it compares with one text or a pattern', () => {
    const filter = parseFilter({ facts: ['role=web', 'x=/a,b/', 'y="a, b"'], classes: ['/a,b/'] });
    expect(listHint(filter)).to.equal(undefined);
  });

  it('is refused for identities, with the way to name several', () => {
    expect(() => parseFilter({ identities: ['web1,web2'] })).to.throw('-I web1 -I web2');
  });
});
