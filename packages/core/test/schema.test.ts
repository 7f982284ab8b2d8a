import { readdirSync, readFileSync } from 'node:fs';
import { expect } from 'chai';
import { describe, it } from 'mocha';
import { compileDdl } from '../src/ddl/compile.js';
import { parseDdl } from '../src/ddl/load.js';
import { shapeFaults } from '../src/ddl/schema.js';
import { madeBefore } from '../src/schema.js';

describe('the schemas of the DDLs that come with Troupe', () => {
  const folder = new URL('../../../../ddl/', import.meta.url);
  const files = readdirSync(folder).filter((file) => file.endsWith('.json') && file !== 'package.json');
  for (const file of files) {
    it(`let ${file} through, and refuse an input that it does not name`, () => {
      const ddl = JSON.parse(readFileSync(new URL(file, folder), 'utf8'));
      expect(shapeFaults('agent', ddl)).to.deep.equal([]);
      for (const action of compileDdl(parseDdl(ddl, file), { unknownValidators: 'skip' }).actions.values())
        expect(action.checkInput({ no_such_input: 1 }), action.name).not.to.equal(undefined);
    });
  }

  it('are compiled when they are needed: nothing is made of them before, outside of a release', () => {
    expect(madeBefore('message', { type: 'object' }, {})).to.equal(undefined);
  });
});
