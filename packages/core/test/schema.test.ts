import { readdirSync, readFileSync } from 'node:fs';
import { skip } from '@troupe/test-support';
import { expect } from 'chai';
import { describe, it } from 'mocha';
import { compileDdl } from '../src/ddl/compile.js';
import { parseDdl } from '../src/ddl/load.js';
import { ddlHost, ddlSchemas, shapeFaults } from '../src/ddl/schema.js';
import { messageSchemas } from '../src/message/message.js';
import { madeBefore, newAjv, type SchemaHost, type SchemaUse, schemaKey } from '../src/schema.js';

const values: readonly unknown[] = [
  {},
  [],
  null,
  'text',
  { v: 1, type: 'request', id: 'x' },
  { v: 1, kind: 'result', id: '0'.repeat(32), time: -1, seq: 0.5, sender: 'A' },
  { metadata: { name: 'Wrong', timeout: 0 }, actions: [{ action: 'a', input: { b: { type: 'no' } } }] },
];

const cases: readonly { use: SchemaUse; host: SchemaHost; schemas: Readonly<Record<string, object>> }[] = [
  { use: 'message', host: {}, schemas: messageSchemas },
  { use: 'ddl', host: ddlHost, schemas: ddlSchemas },
];

describe('what the build makes of a schema', () => {
  for (const { use, host, schemas } of cases) {
    for (const [name, schema] of Object.entries(schemas)) {
      it(`judges as ajv does, in the same words: ${use} ${name}`, function () {
        const made = madeBefore(use, schema, host);
        if (!made)
          return skip(this, 'needs npm run build after the last change: there are no schemas made before');
        const ajv = newAjv(use, host).compile(schema);
        for (const value of values) {
          expect(made(value), JSON.stringify(value)).to.equal(ajv(value));
          expect(made.errors ?? []).to.deep.equal(ajv.errors ?? []);
        }
      });
    }
  }

  it('is known by every letter of the schema, of its use and of what it refers to', () => {
    const schema = { type: 'object' };
    const keys = [
      schemaKey('message', schema, {}),
      schemaKey('config', schema, {}),
      schemaKey('message', { type: 'array' }, {}),
      schemaKey('message', schema, { schemas: { other: {} } }),
    ];
    expect(new Set(keys).size).to.equal(keys.length);
  });

  it('is not there for a schema that nobody knew', () => {
    expect(madeBefore('message', { type: 'object', title: 'of a stranger' }, {})).to.equal(undefined);
  });

  it('refuses and lets through what the DDLs that come with Troupe say', () => {
    const folder = new URL('../../../../ddl/', import.meta.url);
    const files = readdirSync(folder).filter((file) => file.endsWith('.json') && file !== 'package.json');
    for (const file of files) {
      const ddl = JSON.parse(readFileSync(new URL(file, folder), 'utf8'));
      expect(shapeFaults('agent', ddl), file).to.deep.equal([]);
      for (const action of compileDdl(parseDdl(ddl, file), { unknownValidators: 'skip' }).actions.values())
        expect(action.checkInput({ no_such_input: 1 }), `${file} ${action.name}`).not.to.equal(undefined);
    }
  });
});
