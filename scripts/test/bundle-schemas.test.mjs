import { createRequire } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { expect } from 'chai';
import { describe, it } from 'mocha';
import { ownSchemas, written } from '../bundle/schemas.mjs';
import { root } from '../setup.mjs';

const { newAjv, schemaKey } = await import(
  pathToFileURL(join(root, 'packages/core/dist/src/schema.js')).href
);
const require = createRequire(join(root, 'packages/core/package.json'));

const values = [
  {},
  [],
  null,
  'text',
  { collectives: ['a'], limits: { concurrency: 0 }, broker: { urls: ['x'] } },
  { v: 1, type: 'request', id: 'x' },
  { v: 1, kind: 'result', id: '0'.repeat(32), time: -1, seq: 0.5, sender: 'A' },
  { metadata: { name: 'Wrong', timeout: 0 }, actions: [{ action: 'a', input: { b: { type: 'no' } } }] },
  { certname: 'Web 1', fact: 'os', agent: 7, no_such_input: true },
];

describe('what the bundle has of schemas', () => {
  for (const use of ['config', 'message', 'ddl', 'input']) {
    it(`judges as ajv does, in the same words: ${use}`, async () => {
      const schemas = await ownSchemas(root);
      const { list, host } = schemas[use];
      const module = {};
      new Function('module', 'require', await written(root, use, schemas))(module, require);
      const made = module.exports(host);
      expect(list).to.have.length.above(1);
      for (const schema of list) {
        const judge = made[schemaKey(use, schema, host)];
        const ajv = newAjv(use, host).compile(schema);
        for (const value of values) {
          // Defaults are filled in.
          expect(judge(structuredClone(value)), JSON.stringify(value)).to.equal(ajv(structuredClone(value)));
          expect(judge.errors ?? []).to.deep.equal(ajv.errors ?? []);
        }
      }
    });
  }

  it('is found by every letter of a schema, of its use and of what it refers to', () => {
    const schema = { type: 'object' };
    const keys = [
      schemaKey('message', schema, {}),
      schemaKey('config', schema, {}),
      schemaKey('message', { type: 'array' }, {}),
      schemaKey('message', schema, { schemas: { other: {} } }),
    ];
    expect(new Set(keys).size).to.equal(keys.length);
  });
});
