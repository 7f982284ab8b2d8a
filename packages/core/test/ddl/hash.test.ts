import { expect } from 'chai';
import { describe, it } from 'mocha';
import { canonicalJson, ddlHash } from '../../src/ddl/hash.js';
import { parseDdl } from '../../src/ddl/load.js';
import { smallDdl } from './fixture.js';

describe('the hash of a DDL', () => {
  it('does not depend on the order of keys or on blanks', () => {
    const text = JSON.stringify(smallDdl());
    const { metadata, actions } = JSON.parse(text);
    const other = JSON.stringify({ actions, metadata }, null, 4);
    expect(ddlHash(parseDdl(other, 'x'))).to.equal(ddlHash(parseDdl(text, 'x')));
  });

  it('depends on all contents', () => {
    const plain = ddlHash(parseDdl(smallDdl(), 'x'));
    expect(plain).to.match(/^[0-9a-f]{64}$/);
    expect(ddlHash(parseDdl(smallDdl({ mutating: false }), 'x'))).to.not.equal(plain);
    expect(ddlHash(parseDdl(smallDdl({}, { version: '1.0.1' }), 'x'))).to.not.equal(plain);
  });

  it('is over JSON in its canonical form', () => {
    const value = JSON.parse('{"b":[1.0,true,null,"\\u00e4\\n"],"10":{"z":1,"a":[]},"9":"","a":1e21}');
    expect(canonicalJson(value)).to.equal('{"10":{"a":[],"z":1},"9":"","a":1e+21,"b":[1,true,null,"ä\\n"]}');
    expect(canonicalJson({ b: undefined, a: [undefined] })).to.equal('{"a":[null]}');
  });
});
