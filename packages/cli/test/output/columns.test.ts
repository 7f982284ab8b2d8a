import { expect } from 'chai';
import { describe, it } from 'mocha';
import { columns } from '../../src/output/columns.js';

describe('columns', () => {
  it('are as many as fit into the width', () => {
    expect(columns(['a', 'bb', 'ccc', 'd'], 16)).to.deep.equal(['   a    bb', '   ccc  d']);
    expect(columns(['a', 'bb', 'ccc', 'd'], 18)).to.deep.equal(['   a    bb   ccc', '   d']);
  });
  it('are a single column if a name is too wide', () => {
    expect(columns(['x'.repeat(50), 'y'], 20)).to.deep.equal([`   ${'x'.repeat(50)}`, '   y']);
  });
  it('are empty without names', () => expect(columns([], 80)).to.deep.equal([]));
});
