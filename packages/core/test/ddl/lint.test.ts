import { expect } from 'chai';
import { describe, it } from 'mocha';
import { lintDdl } from '../../src/ddl/lint.js';
import { parseDdl } from '../../src/ddl/load.js';
import { fixture, smallDdl, stringInput } from './fixture.js';

describe('what an author may have meant otherwise', () => {
  it('is nothing in a DDL of Troupe', () => {
    expect(lintDdl(fixture('additions'))).to.deep.equal([]);
  });

  it('is named', () => {
    const ddl = parseDdl(
      smallDdl({
        mutatng: false,
        input: {
          a: stringInput({ secrte: true, validation: '^a' }),
          b: stringInput({ validation: 'b$', maxlength: 0, default: 'b' }),
          c: { prompt: 'C', description: 'C', type: 'string' },
        },
        aggregate: [{ function: 'sum', args: ['gone'] }],
      }),
      'x',
    );
    expect(lintDdl(ddl)).to.deep.equal([
      'action act: the key "mutatng" has no meaning (did you mean "mutating"?)',
      'action act: input a: the key "secrte" has no meaning (did you mean "secret"?)',
      'action act: input a: validation ^a leaves the end of the value open',
      'action act: input b: validation b$ leaves the start of the value open',
      'action act: input b: maxlength 0 is no limit',
      'action act: input b: is optional, so that its default is never sent',
      'action act: input c: has no validation, so that any text goes',
      'action act: input c: has no maxlength, and so no limit',
      'action act: aggregate sum names no declared output',
    ]);
  });
});
