import { Ajv } from 'ajv';
import { expect } from 'chai';
import { describe, it } from 'mocha';
import { ddlSchemas } from '../src/ddl/schema.js';

describe('the JSON Schemas of our own, which nobody checks where they are used', () => {
  for (const [name, schema] of Object.entries(ddlSchemas)) {
    it(`are sound: ${name}`, () => {
      const ajv = new Ajv({ strict: false, logger: false });
      expect(ajv.validateSchema(schema), JSON.stringify(ajv.errors)).to.equal(true);
    });
  }
});
