import { Ajv } from 'ajv';
import { expect } from 'chai';
import { describe, it } from 'mocha';
import { ddlSchemas } from '../src/ddl/schema.js';

describe('our JSON Schemas, which are not checked at run time', () => {
  for (const [name, schema] of Object.entries(ddlSchemas)) {
    it(`are sound: ${name}`, () => {
      const ajv = new Ajv({ strict: false, logger: false });
      expect(ajv.validateSchema(schema), JSON.stringify(ajv.errors)).to.equal(true);
    });
  }
});
