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
      'action act: unknown key "mutatng" (did you mean "mutating"?)',
      'action act: input a: unknown key "secrte" (did you mean "secret"?)',
      'action act: input a: validation ^a is not anchored at the end of the value',
      'action act: input b: validation b$ is not anchored at the start of the value',
      'action act: input b: maxlength 0 means no limit',
      'action act: input b: is optional, so its default is never sent',
      'action act: input c: has no validation, so any text is accepted',
      'action act: input c: has no maxlength, so its length is not limited',
      'action act: aggregate sum does not name a declared output',
    ]);
  });
});
