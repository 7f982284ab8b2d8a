import { readFileSync } from 'node:fs';
import { configTable } from '@troupe/core/internal';
import { Ajv } from 'ajv';
import { expect } from 'chai';
import { describe, it } from 'mocha';
import { daemonSchema } from '../src/config.js';

const page = new URL('../../../../docs/reference/mcod.md', import.meta.url);

describe('the reference of the configuration of mcod', () => {
  it('is as its schema says: node scripts/reference.mjs makes it', () => {
    expect(readFileSync(page, 'utf8')).to.include(configTable(daemonSchema));
  });

  it('is made of a sound JSON Schema, which nobody checks where it is used', () => {
    const ajv = new Ajv({ strict: false, logger: false });
    expect(ajv.validateSchema(daemonSchema), JSON.stringify(ajv.errors)).to.equal(true);
  });

  it('says of each key what it means', () => {
    const silent: string[] = [];
    const look = (schema: Record<string, unknown>, at: string) => {
      for (const [name, inner] of Object.entries(
        (schema.properties ?? {}) as Record<string, typeof schema>,
      )) {
        if (inner.properties) look(inner, `${at}${name}.`);
        else if (inner.description === undefined) silent.push(`${at}${name}`);
      }
    };
    look(daemonSchema, '');
    expect(silent).to.deep.equal([]);
  });
});
