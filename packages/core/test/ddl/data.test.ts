import { expect } from 'chai';
import { describe, it } from 'mocha';
import { compileDataDdl, dataFaults } from '../../src/ddl/data.js';
import { parseDataDdl } from '../../src/ddl/load.js';
import { dataOperands } from '../../src/filter/expression.js';
import { parseExpression } from '../../src/filter/expression-parser.js';
import { smallDdl, stringInput } from './fixture.js';

const { metadata } = smallDdl() as { metadata: Record<string, unknown> };
const output = {
  present: { description: 'd', display_as: 'Present', type: 'integer', default: 0 },
  size: { description: 'd', display_as: 'Size' },
};
const fstat = {
  metadata: { ...metadata, name: 'fstat' },
  query: stringInput({ optional: false, validation: '^/' }),
  output,
};
const puppet = { metadata: { ...metadata, name: 'puppet' }, query: null, output };

function compiled(ddl: unknown) {
  return compileDataDdl(parseDataDdl(ddl, 'x'));
}

describe('the DDL of a data plugin', () => {
  it('judges queries', () => {
    const { checkQuery, timeoutSeconds } = compiled(fstat);
    expect(timeoutSeconds).to.equal(2);
    expect(checkQuery('/etc')).to.equal(undefined);
    expect(checkQuery('etc')).to.equal('Cannot validate input query: must match ^/ (validation)');
    expect(checkQuery(undefined)).to.equal('Cannot validate input query: it is required');
  });

  it('may take no query', () => {
    const { checkQuery } = compiled(puppet);
    expect(checkQuery(undefined)).to.equal(undefined);
    expect(checkQuery('x')).to.equal('puppet() takes no query');
  });

  it('may take a query that is a number', () => {
    const { checkQuery } = compiled({ ...fstat, query: stringInput({ type: 'integer' }) });
    expect(checkQuery('5')).to.equal(undefined);
    expect(checkQuery('five')).to.equal('Cannot validate input query: must be an integer');
  });

  it('completes answers', () => {
    expect(compiled(fstat).withOutputDefaults({ size: 5 })).to.deep.equal({ present: 0, size: 5 });
  });

  it('is refused with its place', () => {
    expect(() => parseDataDdl({ ...fstat, output: { a: {} } }, 'x')).to.throw(
      'DDL x: output.a: description is missing; output.a: display_as is missing',
    );
    expect(() => parseDataDdl({ ...fstat, query: { prompt: 'p' } }, 'x')).to.throw(
      'query: description is missing',
    );
    expect(() => parseDataDdl({ ...fstat, output: {} }, 'x')).to.throw('output: must NOT have fewer than 1');
    expect(() => parseDataDdl({ output }, 'x')).to.throw('metadata is missing');
  });

  it('reports errors in a filter to a client', () => {
    const known = new Map([fstat, puppet].map((ddl) => [ddl.metadata.name as string, compiled(ddl)]));
    const faults = (text: string) => dataFaults(dataOperands(parseExpression(text)), known);
    expect(faults('a or not (fstat("/etc").size>1 and puppet().present=1)')).to.deep.equal([]);
    expect(faults('fstta("x").size=1 and fstat("x").sise=1 or b=1')).to.deep.equal([
      'unknown data plugin "fstta" (did you mean "fstat"?)',
      'fstat(): Cannot validate input query: must match ^/ (validation)',
      'fstat() has no output "sise" (did you mean "size"?); its outputs: present, size',
    ]);
  });
});
